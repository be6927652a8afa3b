import type { CSSProperties } from "react";
import type { Verdict } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import styles from "./probability.module.css";
import { coloursOf, toneOfVerdict } from "./tone";

interface Props {
  probability: number | null;
  /** The verdict at the time of the report; the operating point may have changed since. */
  verdict: Verdict | null;
  threshold: number | null;
}

/** A probability as a number and a bar, with a tick where the operating point lies. */
export function ProbabilityBar({ probability, verdict, threshold }: Props) {
  const format = useFormat();
  if (probability === null) return <span style={{ color: "var(--faint)", paddingLeft: 20 }}>–</span>;
  const tone = verdict === null ? "quiet" : toneOfVerdict(verdict);
  return (
    <div className={styles["row"]}>
      <span className={styles["value"]}>{format.probability(probability)}</span>
      <div className={styles["track"]} style={{ "--tone-ink": coloursOf(tone).ink } as CSSProperties} aria-hidden>
        <div className={styles["fill"]} style={{ width: `${probability * 100}%` }} />
        {threshold !== null && <div className={styles["tick"]} style={{ left: `${threshold * 100}%` }} />}
      </div>
    </div>
  );
}
