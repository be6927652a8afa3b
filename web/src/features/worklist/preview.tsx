import { Button, Group } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Scan } from "@/shared/api/model";
import { thumbnailAddress } from "@/shared/api/scans";
import { useFormat } from "@/shared/format/use-format";
import { useWords } from "@/shared/i18n/words";
import { PatientName } from "@/shared/ui/patient-name";
import { ProbabilityBar } from "@/shared/ui/probability-bar";
import { Facts } from "@/shared/ui/section";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import styles from "./worklist.module.css";

interface Shown {
  scan: Scan | undefined;
  threshold: number | null;
  onOpen: (scan: Scan) => void;
}

/** The chosen scan beside the list, so that many need not be opened at all. */
export function Preview({ scan, threshold, onOpen }: Shown) {
  const { t } = useTranslation("worklist");
  return (
    <aside className={styles["preview"]} aria-label={t("preview.label")}>
      {scan ? (
        <Chosen key={scan.id} scan={scan} threshold={threshold} onOpen={onOpen} />
      ) : (
        <div className={styles["previewBody"]}>
          <span className={styles["dim"]}>{t("preview.pick")}</span>
        </div>
      )}
    </aside>
  );
}

function Chosen({ scan, threshold, onOpen }: { scan: Scan; threshold: number | null; onOpen: (scan: Scan) => void }) {
  const { t } = useTranslation("worklist");
  const format = useFormat();
  const words = useWords();
  const finding = scan.most_dangerous_pathology_type;
  return (
    <>
      <Thumbnail scan={scan} />
      <div className={styles["previewBody"]}>
        <div className={styles["previewName"]}>
          <PatientName id={scan.patient_id} patient={scan.patient} />
        </div>
        <Group>
          <ScanBadge status={scan.status} verdict={scan.verdict} />
        </Group>
        {scan.probability_of_pathology !== null && (
          <ProbabilityBar probability={scan.probability_of_pathology} verdict={scan.verdict} threshold={threshold} />
        )}
        {scan.error && <div className={styles["dim"]}>{words.error(scan.error).advice}</div>}
        <Facts
          items={[
            [t("columns.finding"), finding && words.finding(finding)],
            [t("columns.scan"), scan.description || scan.file_name || null],
            [t("columns.received"), format.exact(scan.created_at)],
          ]}
        />
        <Button onClick={() => onOpen(scan)} rightSection={<IconArrowRight size={16} />}>
          {t("preview.open")}
        </Button>
      </div>
    </>
  );
}

function Thumbnail({ scan }: { scan: Scan }) {
  const { t } = useTranslation("worklist");
  const [missing, setMissing] = useState(false);
  if (missing || scan.study_uid === null) return null;
  return (
    <img
      className={styles["thumbnail"]}
      src={thumbnailAddress(scan.id)}
      alt={t("preview.thumbnail")}
      onError={() => setMissing(true)}
    />
  );
}
