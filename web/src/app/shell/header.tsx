import { IconChartDots, IconListCheck, IconUpload, IconUsers, type TablerIcon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Me } from "@/shared/api/model";
import { may } from "@/shared/format/names";
import { Mark } from "@/shared/ui/mark";
import { ColoursMenu } from "./colours-menu";
import { LanguageMenu } from "./language-menu";
import styles from "./shell.module.css";
import { UserMenu } from "./user-menu";

type Room = "worklist" | "patients" | "upload" | "numbers";

const ROOMS: readonly { room: Room; to: `/${Room}`; icon: TablerIcon; open: (me: Me) => boolean }[] = [
  { room: "worklist", to: "/worklist", icon: IconListCheck, open: (me) => may(me, "scans.read") },
  { room: "patients", to: "/patients", icon: IconUsers, open: (me) => may(me, "patients.read") },
  { room: "upload", to: "/upload", icon: IconUpload, open: (me) => may(me, "scans.write") },
  { room: "numbers", to: "/numbers", icon: IconChartDots, open: (me) => me.role !== "radiologist" },
];

export function Header({ me }: { me: Me }) {
  const { t } = useTranslation();
  return (
    <header className={styles["header"]}>
      <Link to="/worklist" className={styles["brand"]}>
        <Mark />
        <span className={styles["brandName"]}>{t("title")}</span>
      </Link>
      <nav className={styles["nav"]} aria-label={t("nav.label")}>
        {ROOMS.filter(({ open }) => open(me)).map(({ room, to, icon: Icon }) => (
          <Link key={room} to={to} className={styles["link"]} aria-label={t(`nav.${room}`)}>
            <Icon size={17} stroke={1.7} aria-hidden />
            <span>{t(`nav.${room}`)}</span>
          </Link>
        ))}
      </nav>
      <div className={styles["tools"]}>
        <LanguageMenu />
        <ColoursMenu />
        <UserMenu me={me} />
      </div>
    </header>
  );
}
