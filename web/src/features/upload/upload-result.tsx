import { Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { scanQuery } from "@/shared/api/scans";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import styles from "./upload.module.css";

/** The result of an upload in one line. */
export function UploadResult({ scanId, children }: { scanId: string; children: ReactNode }) {
  const words = useCodeTexts();
  const scan = useQuery(scanQuery(scanId)).data;
  const finding = scan?.most_dangerous_pathology_type;
  return (
    <div className={styles["line"]}>
      <Group gap="sm">
        {scan && <ScanBadge status={scan.status} verdict={scan.verdict} />}
        {finding && <span className={styles["dim"]}>{words.finding(finding)}</span>}
      </Group>
      {children}
    </div>
  );
}
