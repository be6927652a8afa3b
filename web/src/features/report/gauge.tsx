import { useFormat } from "@/shared/format/use-format";
import { coloursOf, toneOfProbability } from "@/shared/ui/tone";
import styles from "./report.module.css";

interface Shown {
  probability: number;
  threshold: number;
  label: string;
}

const WIDTH = 380;
const TOP = 6;
const THICK = 10;

/** Where the probability lies between 0 and 1, and where the operating point does. */
export function Gauge({ probability, threshold, label }: Shown) {
  const format = useFormat();
  const ink = coloursOf(toneOfProbability(probability, threshold)).ink;
  const at = (value: number) => value * WIDTH;
  return (
    <svg
      className={styles["gauge"]}
      viewBox={`0 0 ${WIDTH} 40`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <rect x={0} y={TOP} width={at(threshold)} height={THICK} fill="var(--normal)" opacity={0.28} />
      <rect
        x={at(threshold)}
        y={TOP}
        width={WIDTH - at(threshold)}
        height={THICK}
        fill="var(--pathology)"
        opacity={0.28}
      />
      <rect x={0} y={TOP} width={at(probability)} height={THICK} fill={ink} />
      <line
        x1={at(threshold)}
        x2={at(threshold)}
        y1={TOP - 5}
        y2={TOP + THICK + 5}
        stroke="var(--text)"
        strokeWidth={2}
      />
      <text x={at(threshold)} y={38} textAnchor="middle">
        {format.probability(threshold)}
      </text>
      <text x={0} y={38}>
        {format.decimal(0, 0)}
      </text>
      <text x={WIDTH} y={38} textAnchor="end">
        {format.decimal(1, 0)}
      </text>
    </svg>
  );
}
