import { useNetwork } from "@mantine/hooks";
import { IconAlertTriangle, IconWifiOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { modelCardQuery } from "@/shared/api/numbers";
import { meQuery } from "@/shared/api/session";
import styles from "./shell.module.css";

/** What every page must say before anything else: that the weights mean nothing, or that nobody answers. */
export function Banners({ signedIn }: { signedIn: boolean }) {
  const { t } = useTranslation();
  const { online } = useNetwork();
  const away = useQuery({ ...meQuery, refetchInterval: 30_000, enabled: signedIn }).isRefetchError;
  const card = useQuery({ ...modelCardQuery, enabled: signedIn }).data;
  return (
    <>
      {(!online || away) && <Band icon={<IconWifiOff size={16} aria-hidden />}>{t("offline")}</Band>}
      {card?.trained === false && <Warned>{t("untrained")}</Warned>}
      {card?.foreign && <Warned>{t("foreign")}</Warned>}
    </>
  );
}

function Warned({ children }: { children: ReactNode }) {
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
