import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Scan } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import chart from "@/shared/ui/chart.module.css";
import { coloursOf, toneOf } from "@/shared/ui/tone";
import { places } from "./history";

const WIDTH = 364;
const HEIGHT = 150;
const LEFT = 30;
const BOTTOM = 22;
const GRID = [0, 0.5, 1] as const;

const yOf = (probability: number): number => 8 + (1 - probability) * (HEIGHT - BOTTOM - 8);

interface Props {
  scans: readonly Scan[];
  threshold: number | null;
}

/** A small chart of the patient's probabilities over time; every point links to its report. */
export function HistoryChart({ scans, threshold }: Props) {
  const { t } = useTranslation("patients");
  const format = useFormat();
  const points = places(scans, LEFT + 10, WIDTH - 10).map(({ x, scan }) => ({
    x,
    y: yOf(scan.probability_of_pathology ?? 0),
    scan,
  }));
  const first = scans[0];
  const last = scans.at(-1);
  return (
    <svg className={chart["chart"]} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={t("history.title")}>
      {GRID.map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={WIDTH} y1={yOf(value)} y2={yOf(value)} stroke="var(--line)" />
          <text x={LEFT - 8} y={yOf(value) + 4} textAnchor="end">
            {format.decimal(value, 1)}
          </text>
        </g>
      ))}
      {threshold !== null && (
        <line x1={LEFT} x2={WIDTH} y1={yOf(threshold)} y2={yOf(threshold)} stroke="var(--dim)" strokeDasharray="4 4">
          <title>{t("history.threshold", { threshold: format.probability(threshold) })}</title>
        </line>
      )}
      <polyline
        points={points.map(({ x, y }) => `${x},${y}`).join(" ")}
        fill="none"
        stroke="var(--line-strong)"
        strokeWidth="1.5"
      />
      {points.map((point) => (
        <Point key={point.scan.id} {...point} />
      ))}
      {first && last && (
        <>
          <text x={LEFT} y={HEIGHT - 4}>
            {format.day(first.created_at)}
          </text>
          <text x={WIDTH} y={HEIGHT - 4} textAnchor="end">
            {format.day(last.created_at)}
          </text>
        </>
      )}
    </svg>
  );
}

function Point({ x, y, scan }: { x: number; y: number; scan: Scan }) {
  const { t } = useTranslation("patients");
  const format = useFormat();
  const words = useCodeTexts();
  const said = t("history.point", {
    date: format.exact(scan.created_at),
    probability: format.probability(scan.probability_of_pathology),
    verdict: scan.verdict ? words.verdict(scan.verdict) : "",
  });
  return (
    <Link to="/scans/$scanId" params={{ scanId: scan.id }} aria-label={said}>
      <circle
        cx={x}
        cy={y}
        r="5"
        fill={coloursOf(toneOf(scan.status, scan.verdict)).ink}
        stroke="var(--panel)"
        strokeWidth="2"
      >
        <title>{said}</title>
      </circle>
    </Link>
  );
}
