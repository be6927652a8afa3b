import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { Agreement, Statistics, Verdict } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useWords } from "@/shared/i18n/words";
import { Section } from "@/shared/ui/section";
import styles from "./numbers.module.css";

/** How often readers agreed with each verdict. */
export function AgreementPanel({ agreement }: { agreement: Statistics["agreement"] }) {
  const { t } = useTranslation("numbers");
  const words = useWords();
  const rows = Object.entries(agreement).filter(([, { agree, disagree }]) => agree + disagree > 0);
  return (
    <Section title={t("agreement.title")}>
      {rows.length === 0 && <span className={styles["dim"]}>{t("agreement.none")}</span>}
      <div className={styles["bars"]}>
        {rows.map(([verdict, said]) => (
          <Row key={verdict} label={words.verdict(verdict as Verdict)} said={said} />
        ))}
      </div>
    </Section>
  );
}

function Row({ label, said: { agree, disagree } }: { label: string; said: Agreement }) {
  const { t } = useTranslation("numbers");
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
