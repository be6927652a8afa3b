import { useTranslation } from "react-i18next";
import type { MeasuredOn } from "@/shared/api/model";
import type { ModelFigures } from "@/shared/api/model-figures";
import { useFigures } from "@/shared/format/use-figures";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { DefinitionList, Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

interface Props {
  version: string;
  figures: ModelFigures | null;
  trained: boolean;
  assessed: readonly string[];
  measuredOn: MeasuredOn | null | undefined;
}

/** Version and test figures of the weights, and the findings that they can tell. */
export function ModelSummary({ version, figures, trained, assessed, measuredOn }: Props) {
  const { t } = useTranslation(["statistics", "common"]);
  const format = useFormat();
  const words = useCodeTexts();
  const { measuredOn: told } = useFigures();
  const interval = figures?.patients ? figures.auc_ci : null;
  const range = interval
    ? t("model.interval", { interval: interval.map((value) => format.decimal(value, 3)).join("–") })
    : t("common:figures.intervalUnknown");
  return (
    <Section title={t("model.title")} aside={<span className={styles["dim"]}>{version}</span>}>
      {figures ? (
        <DefinitionList
          items={[
            [t("model.auc"), `${format.decimal(figures.auc, 3)} (${range})`],
            [
              t("model.studies"),
              `${format.whole(figures.studies)}, ${t("model.with", { count: figures.with_pathology })}`,
            ],
            [
              t("model.patients"),
              figures.patients &&
                t("model.patientCounts", {
                  pathological: format.whole(figures.patients.pathological),
                  normal: format.whole(figures.patients.normal),
                }),
            ],
            [t("model.findings"), assessed.map(words.finding).join(", ") || t("model.noFindings")],
            // Cards of earlier versions say it in English prose only.
            [
              t("model.data"),
              measuredOn ? (
                told(measuredOn)
              ) : (
                <span key="data" lang="en">
                  {figures.data}
                </span>
              ),
            ],
          ]}
        />
      ) : (
        <span className={styles["dim"]}>{t(trained ? "model.noCurve" : "model.none")}</span>
      )}
    </Section>
  );
}
