import type { CurvePoint } from "@/shared/api/model-figures";

export type Rates = Pick<CurvePoint, "sensitivity" | "specificity">;

/** The effect of a threshold at a prevalence of pathology. */
export interface Outcome {
  ruleOut: number;
  missedPer1000: number;
  alarmsPer1000: number;
  /** Negative predictive value; null if no verdict is normal. */
  predictive: number | null;
}

/** Sensitivity and specificity between the two nearest points of the curve; `curve` ascends and is not empty. */
export function ratesAt(curve: readonly CurvePoint[], threshold: number): Rates | null {
  const above = curve.findIndex((point) => point.threshold >= threshold);
  const after = curve[above === -1 ? curve.length - 1 : above];
  const before = curve[Math.max(0, above - 1)];
  if (after === undefined || before === undefined) return null;
  if (above <= 0) return { sensitivity: after.sensitivity, specificity: after.specificity };
  const share = (threshold - before.threshold) / (after.threshold - before.threshold);
  const between = (low: number, high: number) => low + share * (high - low);
  return {
    sensitivity: between(before.sensitivity, after.sensitivity),
    specificity: between(before.specificity, after.specificity),
  };
}

export function outcomeOf({ sensitivity, specificity }: Rates, prevalence: number): Outcome {
  const missed = prevalence * (1 - sensitivity);
  const rightlyNormal = (1 - prevalence) * specificity;
  const ruleOut = missed + rightlyNormal;
  return {
    ruleOut,
    missedPer1000: 1000 * missed,
    alarmsPer1000: 1000 * (1 - prevalence) * (1 - specificity),
    predictive: ruleOut > 0 ? rightlyNormal / ruleOut : null,
  };
}
