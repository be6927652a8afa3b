import type { CSSProperties } from "react";
import { useFormat } from "@/shared/format/use-format";
import { coloursOf, toneOfProbability } from "@/shared/ui/tone";
import styles from "./report.module.css";

interface Props {
  probability: number;
  threshold: number;
  label: string;
}

const at = (share: number): string => `${100 * share}%`;

/** The probability and the operating point on a scale from 0 to 1. */
export function ProbabilityGauge({ probability, threshold, label }: Props) {
  const format = useFormat();
  const ink = coloursOf(toneOfProbability(probability, threshold)).ink;
  const places = { "--ink": ink, "--probability": at(probability), "--threshold": at(threshold) } as CSSProperties;
  return (
    <div className={styles["gauge"]} style={places} role="img" aria-label={label}>
      <div className={styles["below"]} />
      <div className={styles["above"]} />
      <div className={styles["reached"]} />
      <div className={styles["threshold"]} />
      <span style={{ left: 0 }}>{format.decimal(0, 0)}</span>
      <span style={{ left: at(threshold), transform: "translateX(-50%)" }}>{format.decimal(threshold)}</span>
      <span style={{ right: 0 }}>{format.decimal(1, 0)}</span>
    </div>
  );
}
