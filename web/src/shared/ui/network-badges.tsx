import { IconAlertTriangle, IconClockHour4, IconNetwork, IconSend, type TablerIcon } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Delivered } from "#schema";
import type { Scan } from "@/shared/api/model";
import styles from "./network-badges.module.css";

const DELIVERED: Record<Delivered, TablerIcon> = { waiting: IconClockHour4, sent: IconSend, failed: IconAlertTriangle };

/** Where a scan came from on the network, and whether its result went out; nothing for an upload that goes nowhere. */
export function NetworkBadges({ scan }: { scan: Pick<Scan, "origin" | "delivery"> }) {
  const { t } = useTranslation();
  const { origin, delivery } = scan;
  if (!origin && !delivery) return null;
  return (
    <span className={styles["badges"]}>
      {origin && (
        <Badge
          icon={IconNetwork}
          title={t("network.from", { sender: origin.sender })}
          text={origin.sender}
          tone="quiet"
        />
      )}
      {delivery && (
        <Badge
          icon={DELIVERED[delivery]}
          title={t(`network.results.${delivery}`)}
          text={t(`network.short.${delivery}`)}
          tone={delivery}
        />
      )}
    </span>
  );
}

interface BadgeProps {
  icon: TablerIcon;
  title: string;
  text: string;
  tone: "quiet" | Delivered;
}

function Badge({ icon: Icon, title, text, tone }: BadgeProps) {
  return (
    <span className={styles["badge"]} data-tone={tone} title={title}>
      <Icon size={13} stroke={1.9} aria-hidden />
      {text}
    </span>
  );
}
