import { useElementSize } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { Statistics } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { Section } from "@/shared/ui/section";
import styles from "./numbers.module.css";

const NARROWEST = 240;
const HEIGHT = 150;
const FLOOR = HEIGHT - 20;
const LEFT = 24;

/** Studies that ended in each hour; those that were not analysed on top, in their own colour. */
export function Throughput({ hours }: { hours: Statistics["per_hour"] }) {
  const { t } = useTranslation("numbers");
  const format = useFormat();
  const { ref, width } = useElementSize();
  const right = Math.max(NARROWEST, width);
  const most = Math.max(1, ...hours.map(({ analysed, failed }) => analysed + failed));
  const step = (right - LEFT) / Math.max(1, hours.length);
  const height = (count: number) => (count / most) * (FLOOR - 8);
  if (hours.every(({ analysed, failed }) => analysed + failed === 0)) {
    return (
      <Section title={t("today.throughput")}>
        <span className={styles["dim"]}>{t("today.empty")}</span>
      </Section>
    );
  }
  return (
    <Section title={t("today.throughput")}>
      <div ref={ref}>
        <svg
          className={styles["chart"]}
          viewBox={`0 0 ${right} ${HEIGHT}`}
          role="img"
          aria-label={t("today.throughput")}
        >
          {[0, most].map((value) => (
            <g key={value}>
              <line x1={LEFT} x2={right} y1={FLOOR - height(value)} y2={FLOOR - height(value)} stroke="var(--line)" />
              <text x={LEFT - 6} y={FLOOR - height(value) + 4} textAnchor="end">
                {format.whole(value)}
              </text>
            </g>
          ))}
          {hours.map(({ hour, analysed, failed }, index) => {
            const x = LEFT + index * step + 1;
            const own = { x, width: Math.max(1, step - 2) };
            return (
              <g key={hour}>
                <title>{`${format.clock(hour)}: ${format.whole(analysed)}`}</title>
                <rect {...own} y={FLOOR - height(analysed)} height={height(analysed)} fill="var(--accent)" />
                <rect {...own} y={FLOOR - height(analysed + failed)} height={height(failed)} fill="var(--missing)" />
                {index % 6 === 0 && (
                  <text x={x} y={HEIGHT - 4}>
                    {format.clock(hour)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </Section>
  );
}
