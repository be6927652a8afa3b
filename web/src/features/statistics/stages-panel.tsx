import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Statistics } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

const SHORTEST_SHOWN_S = 0.005; // shorter stages are left out

/** Median of each stage of an analysis, and the 95th percentile in a paler tone. */
export function StagesPanel({ stages }: { stages: Statistics["stages"] }) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const words = useCodeTexts();
  const shown = Object.entries(stages).filter(([, times]) => times.p95 >= SHORTEST_SHOWN_S);
  const longest = Math.max(SHORTEST_SHOWN_S, ...shown.map(([, { p95 }]) => p95));
  return (
    <Section
      title={t("stages.title")}
      aside={<span className={styles["dim"]}>{`${t("stages.p50")} · ${t("stages.p95")}`}</span>}
    >
      {shown.length === 0 && <span className={styles["dim"]}>{t("today.empty")}</span>}
      <div className={styles["bars"]}>
        {shown.map(([stage, { p50, p95 }]) => (
          <Fragment key={stage}>
            <span>{words.stage(stage)}</span>
            <span className={styles["track"]} aria-hidden>
              <span className={styles["fill"]} style={{ width: `${(100 * p50) / longest}%` }} />
              <span className={styles["tail"]} style={{ width: `${(100 * (p95 - p50)) / longest}%` }} />
            </span>
            <span className={styles["number"]}>
              {format.decimal(p50)} · {format.seconds(p95)}
            </span>
          </Fragment>
        ))}
      </div>
    </Section>
  );
}
