import { useTranslation } from "react-i18next";
import type { OperatingPoint, StudyReport } from "@/shared/api/model";
import { Problem } from "@/shared/api/problem";
import { useFigures } from "@/shared/format/use-figures";
import { useFormat } from "@/shared/format/use-format";
import { useAnalyse } from "@/shared/hooks/use-analyse";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { ProblemNote } from "@/shared/ui/problem-note";
import { DefinitionList } from "@/shared/ui/section";
import { VerdictBadge } from "@/shared/ui/verdict-badge";
import { ProbabilityGauge } from "./probability-gauge";
import styles from "./report.module.css";
import { useMeasuredPoint } from "./use-measured-point";

interface Props {
  scanId: string;
  study: StudyReport;
}

/** The verdict in words, and what its probability means at the operating point it was held against. */
export function VerdictSection({ scanId, study }: Props) {
  const { t } = useTranslation("report");
  const { verdict, error, probability, operating_point: point } = study;
  return (
    <section className={styles["verdict"]} aria-label={t("title")}>
      <VerdictBadge verdict={verdict} large />
      <p className={styles["words"]}>{t(`verdictTexts.${verdict}`)}</p>
      {error && <Reason scanId={scanId} code={error.code} detail={error.detail} />}
      {probability !== undefined && point && <Probability probability={probability} point={point} study={study} />}
    </section>
  );
}

function Reason({ scanId, code, detail }: { scanId: string; code: string; detail: string }) {
  const analyse = useAnalyse(scanId);
  return <ProblemNote error={new Problem(422, code, detail)} onRetry={() => analyse.mutate()} />;
}

interface ProbabilityProps {
  probability: number;
  point: OperatingPoint;
  study: StudyReport;
}

function Probability({ probability, point, study }: ProbabilityProps) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const measured = useMeasuredPoint(point, study.provenance?.model_card);
  const name = words.point(point.name);
  return (
    <div style={{ marginTop: 18 }}>
      <div className={styles["dim"]}>{t("probability.title")}</div>
      <div className={styles["scale"]}>
        <span className={styles["figure"]}>{format.probability(probability)}</span>
      </div>
      <ProbabilityGauge
        probability={probability}
        threshold={point.threshold}
        label={t("probability.point", { threshold: format.probability(point.threshold), name })}
      />
      <p className={styles["dim"]} style={{ margin: "10px 0 8px" }}>
        {t("probability.point", { threshold: format.probability(point.threshold), name })}: {t("probability.above")}.
      </p>
      <PointFigures measured={measured} />
    </div>
  );
}

function PointFigures({ measured }: { measured: OperatingPoint }) {
  const { t } = useTranslation("report");
  const figures = useFigures();
  const { sensitivity, specificity, measured_on: studies } = measured;
  if (sensitivity === null || specificity === null)
    return (
      <p className={styles["dim"]} style={{ margin: 0 }}>
        {t("probability.unmeasured")}
      </p>
    );
  return (
    <>
      <DefinitionList
        items={[
          [t("probability.sensitivity"), figures.proportion(sensitivity, measured.sensitivity_ci, studies)],
          [t("probability.specificity"), figures.proportion(specificity, measured.specificity_ci, studies)],
        ]}
      />
      <p className={styles["dim"]} style={{ margin: "8px 0 0" }}>
        {figures.measuredOn(studies)}
      </p>
    </>
  );
}
