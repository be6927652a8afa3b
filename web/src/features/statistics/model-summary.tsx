import { useTranslation } from "react-i18next";
import type { ModelFigures } from "@/shared/api/model-figures";
import { useFormat } from "@/shared/format/use-format";
import { DefinitionList, Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

interface Props {
  version: string;
  figures: ModelFigures | null;
  trained: boolean;
}

/** Version and test figures of the weights. */
export function ModelSummary({ version, figures, trained }: Props) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const interval = figures && `${format.decimal(figures.auc_ci[0], 3)}–${format.decimal(figures.auc_ci[1], 3)}`;
  return (
    <Section title={t("model.title")} aside={<span className={styles["dim"]}>{version}</span>}>
      {figures ? (
        <DefinitionList
          items={[
            [t("model.auc"), `${format.decimal(figures.auc, 3)} (${t("model.interval", { interval })})`],
            [
              t("model.studies"),
              `${format.whole(figures.studies)}, ${t("model.with", { count: figures.with_pathology })}`,
            ],
            [
              t("model.data"),
              <span key="data" lang="en">
                {figures.data}
              </span>,
            ],
          ]}
        />
      ) : (
        <span className={styles["dim"]}>{t(trained ? "model.noCurve" : "model.none")}</span>
      )}
    </Section>
  );
}
