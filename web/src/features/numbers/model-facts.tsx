import { useTranslation } from "react-i18next";
import type { Figures } from "@/shared/api/figures";
import { useFormat } from "@/shared/format/use-format";
import { Facts, Section } from "@/shared/ui/section";
import styles from "./numbers.module.css";

interface Shown {
  version: string;
  figures: Figures | null;
  trained: boolean;
}

/** Which weights these are and how they were judged. */
export function ModelFacts({ version, figures, trained }: Shown) {
  const { t } = useTranslation("numbers");
  const format = useFormat();
  const interval = figures && `${format.decimal(figures.auc_ci[0], 3)}–${format.decimal(figures.auc_ci[1], 3)}`;
  return (
    <Section title={t("model.title")} aside={<span className={styles["dim"]}>{version}</span>}>
      {figures ? (
        <Facts
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
