import { useTranslation } from "react-i18next";
import type { Scan, ScanReport, StudyReport } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { DefinitionList, Section } from "@/shared/ui/section";
import styles from "./report.module.css";

interface Props {
  scan: Scan;
  report: ScanReport;
  study: StudyReport;
}

/** Weights, program, series, and time of each stage. */
export function ProvenanceSection({ scan, report, study }: Props) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const made = study.provenance;
  const uid = (value: string | null) => value && <span className={styles["mono"]}>{value}</span>;
  const stages = Object.entries(study.timings_s ?? {}).map(
    ([name, seconds]) => `${words.stage(name)} ${format.seconds(seconds)}`,
  );
  return (
    <Section title={t("provenance.title")}>
      <DefinitionList
        items={[
          [t("provenance.model"), made ? uid(made.model_card) : report.model_card],
          [t("provenance.trained"), made && (made.trained ? t("provenance.trainedYes") : t("provenance.trainedNo"))],
          [t("provenance.program"), made && `Turnstile ${made.turnstile}`],
          [t("provenance.made"), format.exact(report.created_at)],
          [t("provenance.version"), report.version],
          [t("provenance.time"), format.seconds(study.row.time_of_processing)],
          [t("provenance.timings"), stages.length > 0 ? stages.join(", ") : null],
          [t("provenance.study"), uid(study.row.study_uid)],
          [t("provenance.series"), uid(study.row.series_uid)],
          [t("provenance.hash"), uid(scan.sha256)],
        ]}
      />
    </Section>
  );
}
