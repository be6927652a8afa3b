import { useTranslation } from "react-i18next";
import type { Statistics } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

const LABEL_EACH = 6; // hours

/** Ended studies per hour; those not analysed on top, in another colour. */
export function Throughput({ hours }: { hours: Statistics["per_hour"] }) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const most = Math.max(...hours.map(({ analysed, failed }) => analysed + failed), 0);
  if (most === 0) {
    return (
      <Section title={t("today.throughput")}>
        <span className={styles["dim"]}>{t("today.empty")}</span>
      </Section>
    );
  }
  return (
    <Section
      title={t("today.throughput")}
      aside={<span className={styles["dim"]}>{t("today.most", { count: most })}</span>}
    >
      <div className={styles["hours"]} role="img" aria-label={t("today.throughput")}>
        {hours.map((hour, index) => (
          <Hour
            key={hour.hour}
            {...hour}
            most={most}
            label={index % LABEL_EACH === 0 ? format.clock(hour.hour) : null}
          />
        ))}
      </div>
    </Section>
  );
}

interface HourProps {
  hour: string;
  analysed: number;
  failed: number;
  most: number;
  label: string | null;
}

function Hour({ hour, analysed, failed, most, label }: HourProps) {
  const format = useFormat();
  const height = (count: number) => ({ height: `${(100 * count) / most}%` });
  return (
    <div
      className={styles["hour"]}
      title={`${format.clock(hour)}: ${format.whole(analysed)} + ${format.whole(failed)}`}
    >
      <div className={styles["column"]}>
        <div className={styles["failed"]} style={height(failed)} />
        <div className={styles["analysed"]} style={height(analysed)} />
      </div>
      <span className={styles["hourLabel"]}>{label}</span>
    </div>
  );
}
