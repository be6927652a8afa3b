import { IconChartDots, IconListCheck, IconNetwork, IconUpload, IconUsers, type TablerIcon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Me } from "@/shared/api/model";
import { may } from "@/shared/format/names";
import { Logo } from "@/shared/ui/logo";
import { ColoursMenu } from "./colours-menu";
import { LanguageMenu } from "./language-menu";
import styles from "./shell.module.css";
import { UserMenu } from "./user-menu";

type Section = "worklist" | "patients" | "upload" | "statistics" | "network";

const SECTIONS: readonly { section: Section; to: `/${Section}`; icon: TablerIcon; open: (me: Me) => boolean }[] = [
  { section: "worklist", to: "/worklist", icon: IconListCheck, open: (me) => may(me, "scans.read") },
  { section: "patients", to: "/patients", icon: IconUsers, open: (me) => may(me, "patients.read") },
  { section: "upload", to: "/upload", icon: IconUpload, open: (me) => may(me, "scans.write") },
  { section: "statistics", to: "/statistics", icon: IconChartDots, open: (me) => me.role !== "radiologist" },
  { section: "network", to: "/network", icon: IconNetwork, open: (me) => may(me, "operation.write") },
];

export function Header({ me }: { me: Me }) {
  const { t } = useTranslation();
  return (
    <header className={styles["header"]}>
      <Link to="/worklist" className={styles["brand"]}>
        <Logo />
        <span className={styles["brandName"]}>{t("title")}</span>
      </Link>
      <nav className={styles["nav"]} aria-label={t("nav.label")}>
        {SECTIONS.filter(({ open }) => open(me)).map(({ section, to, icon: Icon }) => (
          <Link key={section} to={to} className={styles["link"]} aria-label={t(`nav.${section}`)}>
            <Icon size={17} stroke={1.7} aria-hidden />
            <span>{t(`nav.${section}`)}</span>
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
