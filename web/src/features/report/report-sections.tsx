import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Me, Scan, ScanReport, StudyReport } from "@/shared/api/model";
import { modelCardQuery } from "@/shared/api/statistics";
import { may } from "@/shared/format/names";
import { Section } from "@/shared/ui/section";
import { CoverageSection } from "./coverage-section";
import { FeedbackSection } from "./feedback-section";
import { FindingsSection } from "./findings-section";
import { ProvenanceSection } from "./provenance-section";
import styles from "./report.module.css";
import { ScoreSection } from "./score-section";
import type { ReportSearch } from "./search";
import { SeriesSection } from "./series-section";
import { VerdictSection } from "./verdict-section";
import { warningsBeside } from "./warnings";

interface Props {
  me: Me;
  scan: Scan;
  report: ScanReport;
  study: StudyReport;
  search: ReportSearch;
  onSearch: (search: ReportSearch) => void;
}

/** The report of one study: verdict, feedback, coverage, findings, score, series, warnings, provenance. */
export function ReportSections({ me, scan, report, study, search, onSearch }: Props) {
  const { t } = useTranslation(["report", "common"]);
  const bannerShown = useQuery(modelCardQuery).data?.trained === false; // then a banner says it already
  return (
    <>
      {study.notice_codes.includes("untrained") && !bannerShown && (
        <div className={styles["untrained"]}>{t("common:untrained")}</div>
      )}
      {report.studies.length > 1 && <Studies report={report} search={search} onSearch={onSearch} />}
      <VerdictSection study={study} scanId={scan.id} />
      {may(me, "feedback.write") && study.verdict !== "not_analysed" && (
        <FeedbackSection scanId={scan.id} reportVersion={report.version} />
      )}
      {study.coverage && <CoverageSection coverage={study.coverage} study={study} />}
      {study.findings && (
        <FindingsSection
          findings={study.findings}
          verdict={study.verdict}
          onSlice={(slice) => onSearch({ ...search, slice })}
        />
      )}
      {study.evidence && (
        <ScoreSection
          score={study.score}
          evidence={study.evidence}
          onSlice={(slice) => onSearch({ ...search, slice })}
        />
      )}
      {study.series && <SeriesSection series={study.series} />}
      {study.warnings && <Warnings warnings={warningsBeside(study)} />}
      <ProvenanceSection scan={scan} report={report} study={study} />
    </>
  );
}

function Studies({ report, search, onSearch }: Pick<Props, "report" | "search" | "onSearch">) {
  const { t } = useTranslation("report");
  const total = report.studies.length;
  const data = report.studies.map((_, index) => ({
    value: String(index),
    label: t("study", { number: index + 1, total }),
  }));
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      m="sm"
      data={data}
      value={String(search.study ?? 0)}
      onChange={(value) => onSearch({ study: Number(value) })}
    />
  );
}

function Warnings({ warnings }: { warnings: readonly string[] }) {
  const { t } = useTranslation("report");
  return (
    <Section title={t("warnings.title")}>
      {warnings.length === 0 ? (
        <span className={styles["dim"]}>{t("warnings.none")}</span>
      ) : (
        <ul className={styles["warnings"]}>
          {warnings.map((warning) => (
            <li key={warning} lang="en">
              {warning}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
