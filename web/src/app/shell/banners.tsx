import { useNetwork } from "@mantine/hooks";
import { IconAlertTriangle, IconWifiOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { meQuery } from "@/shared/api/session";
import { modelCardQuery } from "@/shared/api/statistics";
import styles from "./shell.module.css";

/** Banners of every page: untrained weights, no connection. */
export function Banners({ signedIn }: { signedIn: boolean }) {
  const { t } = useTranslation();
  const { online } = useNetwork();
  const away = useQuery({ ...meQuery, refetchInterval: 30_000, enabled: signedIn }).isRefetchError;
  const card = useQuery({ ...modelCardQuery, enabled: signedIn }).data;
  return (
    <>
      {(!online || away) && <Band icon={<IconWifiOff size={16} aria-hidden />}>{t("offline")}</Band>}
      {card?.trained === false && <WarningBanner>{t("untrained")}</WarningBanner>}
      {card?.foreign && <WarningBanner>{t("otherWeights")}</WarningBanner>}
    </>
  );
}

function WarningBanner({ children }: { children: ReactNode }) {
  return <Band icon={<IconAlertTriangle size={16} aria-hidden />}>{children}</Band>;
}

function Band({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div className={styles["band"]} role="status">
      {icon}
      {children}
    </div>
  );
}
