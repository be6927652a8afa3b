import { Slider } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CurvePoint } from "@/shared/api/model-figures";
import { useFormat } from "@/shared/format/use-format";
import { Section } from "@/shared/ui/section";
import { outcomeOf, ratesAt } from "./rates";
import styles from "./statistics.module.css";

const USUAL_PREVALENCE = 0.3; // initial value; the user sets the prevalence of the site

interface Props {
  curve: readonly CurvePoint[];
  threshold: number;
  onThreshold: (threshold: number) => void;
}

/** The effect of another threshold; it changes no setting. */
export function ThresholdExplorer({ curve, threshold, onThreshold }: Props) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const [prevalence, setPrevalence] = useState(USUAL_PREVALENCE);
  const rates = ratesAt(curve, threshold);
  if (rates === null) return null;
  const outcome = outcomeOf(rates, prevalence);
  return (
    <Section title={t("explorer.title")}>
      <div className={styles["sliders"]}>
        <Labelled
          name={t("explorer.threshold")}
          value={format.probability(threshold)}
          at={threshold}
          onChange={onThreshold}
        />
        <Labelled
          name={t("explorer.prevalence")}
          value={format.percent(prevalence)}
          at={prevalence}
          onChange={setPrevalence}
        />
      </div>
      <div className={styles["results"]}>
        <Result label={t("explorer.ruleOut")} value={format.percent(outcome.ruleOut)} />
        <Result label={t("explorer.missed")} value={format.decimal(outcome.missedPer1000, 1)} />
        <Result label={t("explorer.alarms")} value={format.whole(outcome.alarmsPer1000)} />
        <Result label={t("explorer.sensitivity")} value={format.percent(rates.sensitivity, 1)} />
        <Result label={t("explorer.specificity")} value={format.percent(rates.specificity, 1)} />
        <Result label={t("explorer.npv")} value={format.percent(outcome.predictive, 1)} />
      </div>
      <p className={styles["dim"]}>{t("explorer.note")}</p>
    </Section>
  );
}

function Labelled({
  name,
  value,
  at,
  onChange,
}: {
  name: string;
  value: string;
  at: number;
  onChange: (value: number) => void;
}) {
  return (
    <div>
      <div className={styles["sliderHead"]}>
        <span>{name}</span>
        <span className={styles["sliderValue"]}>{value}</span>
      </div>
      <Slider min={0.01} max={0.99} step={0.01} value={at} onChange={onChange} label={null} thumbLabel={name} />
    </div>
  );
}

function Result({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <div className={styles["label"]}>{label}</div>
      <div className={styles["result"]}>{value}</div>
    </div>
  );
}
