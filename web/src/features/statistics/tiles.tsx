import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Statistics } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import styles from "./statistics.module.css";

/** The figures of the last 24 hours. */
export function Tiles({ statistics }: { statistics: Statistics }) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const { queue, seconds } = statistics;
  const waits = queue.oldest_queued_at && (Date.now() - Date.parse(queue.oldest_queued_at)) / 1000;
  return (
    <div className={styles["tiles"]}>
      <Tile label={t("today.analysed")} value={format.whole(statistics.analysed)} aside={t("today.title")} />
      <Tile label={t("today.ruleOut")} value={format.percent(statistics.rule_out_rate)} />
      <Tile label={t("today.failed")} value={format.whole(statistics.failed)} />
      <Tile
        label={t("today.queue")}
        value={format.whole(queue.queued)}
        aside={waits ? t("today.oldest", { time: format.span(Math.max(0, waits)) }) : null}
      />
      <Tile label={t("today.running")} value={format.whole(queue.running)} />
      <Tile
        label={t("today.time")}
        value={format.seconds(seconds?.p50)}
        aside={seconds && t("today.p95", { seconds: format.seconds(seconds.p95) })}
      />
    </div>
  );
}

function Tile({ label, value, aside = null }: { label: string; value: string; aside?: ReactNode }) {
  return (
    <div className={styles["tile"]}>
      <div className={styles["label"]}>{label}</div>
      <div className={styles["value"]}>{value}</div>
      <div className={styles["aside"]}>{aside}</div>
    </div>
  );
}
