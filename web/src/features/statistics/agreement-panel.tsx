import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Agreement, Statistics, Verdict } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

/** How often radiologists agreed, by verdict. */
export function AgreementPanel({ agreement }: { agreement: Statistics["agreement"] }) {
  const { t } = useTranslation("statistics");
  const words = useCodeTexts();
  const rows = Object.entries(agreement).filter(([, { agree, disagree }]) => agree + disagree > 0);
  return (
    <Section title={t("agreement.title")}>
      {rows.length === 0 && <span className={styles["dim"]}>{t("agreement.none")}</span>}
      <div className={styles["bars"]}>
        {rows.map(([verdict, counts]) => (
          <Row key={verdict} label={words.verdict(verdict as Verdict)} counts={counts} />
        ))}
      </div>
    </Section>
  );
}

function Row({ label, counts: { agree, disagree } }: { label: string; counts: Agreement }) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const all = agree + disagree;
  return (
    <Fragment>
      <span>{label}</span>
      <span className={styles["track"]} aria-hidden>
        <span className={styles["agree"]} style={{ width: `${(100 * agree) / all}%` }} />
        <span className={styles["disagree"]} style={{ width: `${(100 * disagree) / all}%` }} />
      </span>
      <span
        className={styles["number"]}
        title={`${agree} ${t("agreement.agree")}, ${disagree} ${t("agreement.disagree")}`}
      >
        {format.percent(agree / all)} ({format.whole(agree)}/{format.whole(all)})
      </span>
    </Fragment>
  );
}
