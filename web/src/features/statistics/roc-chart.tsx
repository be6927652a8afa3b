import { useTranslation } from "react-i18next";
import type { CurvePoint } from "@/shared/api/model-figures";
import { useFormat } from "@/shared/format/use-format";
import chart from "@/shared/ui/chart.module.css";
import { Section } from "@/shared/ui/section";
import { ratesAt } from "./rates";
import styles from "./statistics.module.css";

const SIDE = 260;
const LEFT = 44;
const TOP = 8;
const GRID = [0, 0.25, 0.5, 0.75, 1] as const;

const x = (specificity: number): number => LEFT + (1 - specificity) * (SIDE * 1.35);
const y = (sensitivity: number): number => TOP + (1 - sensitivity) * SIDE;

interface Props {
  curve: readonly CurvePoint[];
  threshold: number;
  inForce: number;
}

/** The ROC curve with the operating point in force and the slider's threshold. */
export function RocChart({ curve, threshold, inForce }: Props) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const corner = { sensitivity: 1, specificity: 0 };
  const line = [corner, ...curve, { sensitivity: 0, specificity: 1 }];
  return (
    <Section title={t("roc.title")}>
      <svg
        className={`${chart["chart"]} ${styles["roc"]}`}
        viewBox={`0 0 ${x(0) + 12} ${TOP + SIDE + 40}`}
        role="img"
        aria-label={t("roc.title")}
      >
        {GRID.map((value) => (
          <g key={value}>
            <line x1={x(1)} x2={x(0)} y1={y(value)} y2={y(value)} stroke="var(--line)" />
            <line x1={x(value)} x2={x(value)} y1={y(0)} y2={y(1)} stroke="var(--line)" />
            <text x={LEFT - 8} y={y(value) + 4} textAnchor="end">
              {format.decimal(value, 2)}
            </text>
            <text x={x(1 - value)} y={y(0) + 16} textAnchor="middle">
              {format.decimal(value, 2)}
            </text>
          </g>
        ))}
        <text x={(x(0) + x(1)) / 2} y={y(0) + 35} textAnchor="middle">
          {t("roc.x")}
        </text>
        <text transform={`translate(10 ${y(0.5)}) rotate(-90)`} textAnchor="middle">
          {t("roc.y")}
        </text>
        <line x1={x(1)} y1={y(0)} x2={x(0)} y2={y(1)} stroke="var(--line-strong)" strokeDasharray="4 5" />
        <polyline
          points={line.map((p) => `${x(p.specificity)},${y(p.sensitivity)}`).join(" ")}
          fill="none"
          stroke="var(--accent)"
          strokeWidth="2.2"
          strokeLinejoin="round"
        />
        <Logo curve={curve} threshold={inForce} ink="var(--dim)" label={t("points.inUse")} />
        {threshold !== inForce && (
          <Logo curve={curve} threshold={threshold} ink="var(--accent)" label={format.probability(threshold)} />
        )}
      </svg>
    </Section>
  );
}

function Logo({
  curve,
  threshold,
  ink,
  label,
}: {
  curve: readonly CurvePoint[];
  threshold: number;
  ink: string;
  label: string;
}) {
  const rates = ratesAt(curve, threshold);
  if (rates === null) return null;
  return (
    <g>
      <circle
        cx={x(rates.specificity)}
        cy={y(rates.sensitivity)}
        r="6"
        fill="var(--panel)"
        stroke={ink}
        strokeWidth="2.6"
      />
      <text x={x(rates.specificity) + 12} y={y(rates.sensitivity) + 16}>
        {label}
      </text>
    </g>
  );
}
