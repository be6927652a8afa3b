import { Button, Group } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me, Scan, ScanStatus } from "@/shared/api/model";
import { thumbnailAddress } from "@/shared/api/scans";
import { may } from "@/shared/format/names";
import { useFormat } from "@/shared/format/use-format";
import { useAnalyse } from "@/shared/hooks/use-analyse";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { NetworkBadges } from "@/shared/ui/network-badges";
import { PatientName } from "@/shared/ui/patient-name";
import { ProbabilityBar } from "@/shared/ui/probability-bar";
import { ProblemNote } from "@/shared/ui/problem-note";
import { DefinitionList } from "@/shared/ui/section";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import styles from "./worklist.module.css";

const NOT_ANALYSED: readonly ScanStatus[] = ["received", "failed", "cancelled"];

interface Props {
  me: Me;
  scan: Scan | undefined;
  threshold: number | null;
  onOpen: (scan: Scan) => void;
}

/** A preview of the selected scan beside the list. */
export function Preview({ me, scan, threshold, onOpen }: Props) {
  const { t } = useTranslation("worklist");
  return (
    <aside className={styles["preview"]} aria-label={t("preview.label")}>
      {scan ? (
        <SelectedScan key={scan.id} me={me} scan={scan} threshold={threshold} onOpen={onOpen} />
      ) : (
        <div className={styles["previewBody"]}>
          <span className={styles["dim"]}>{t("preview.pick")}</span>
        </div>
      )}
    </aside>
  );
}

function SelectedScan({ me, scan, threshold, onOpen }: Props & { scan: Scan }) {
  const { t } = useTranslation("worklist");
  const format = useFormat();
  const words = useCodeTexts();
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
        <DefinitionList
          items={[
            [t("columns.finding"), finding && words.finding(finding)],
            [t("columns.scan"), scan.description || scan.file_name || null],
            [t("columns.received"), format.exact(scan.created_at)],
            [t("columns.network"), scan.origin || scan.delivery ? <NetworkBadges key="network" scan={scan} /> : null],
          ]}
        />
        <Button onClick={() => onOpen(scan)} rightSection={<IconArrowRight size={16} />}>
          {t("preview.open")}
        </Button>
        {NOT_ANALYSED.includes(scan.status) && may(me, "analyses.run") && <Analyse scan={scan} />}
      </div>
    </>
  );
}

function Analyse({ scan }: { scan: Scan }) {
  const { t } = useTranslation("worklist");
  const analyse = useAnalyse(scan.id);
  return (
    <>
      <Button variant="default" loading={analyse.isPending} onClick={() => analyse.mutate()}>
        {t(scan.status === "received" ? "preview.analyse" : "preview.again")}
      </Button>
      {analyse.isError && <ProblemNote error={analyse.error} />}
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
