import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AssessedFinding, Finding, Verdict } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import { assessedOf, isOlder, statementOf } from "./findings";
import styles from "./report.module.css";

interface Props {
  findings: readonly Finding[];
  verdict: Verdict;
  onSlice: (slice: number) => void;
}

/** What is present and absent, and by name what these weights cannot tell. */
export function FindingsSection({ findings, verdict, onSlice }: Props) {
  const { t } = useTranslation("report");
  const words = useCodeTexts();
  const assessed = assessedOf(findings);
  const silent = findings.filter((finding) => !assessed.includes(finding as AssessedFinding));
  const statement = statementOf(findings, verdict);
  return (
    <Section title={t("findings.title")}>
      {statement && <p className={styles["words"]}>{t(`findings.${statement}`)}</p>}
      {assessed.length > 0 && (
        <>
          <ol className={styles["findings"]}>
            {assessed.map((finding) => (
              <Row key={finding.name} finding={finding} onSlice={onSlice} />
            ))}
          </ol>
          <p className={styles["dim"]}>{t("findings.hint")}</p>
        </>
      )}
      {!isOlder(findings) && (
        <details className={styles["dim"]}>
          <summary>{t("findings.silent", { count: silent.length })}</summary>
          {silent.map(({ name }) => words.finding(name)).join(", ")}
        </details>
      )}
    </Section>
  );
}

function Row({ finding, onSlice }: { finding: AssessedFinding; onSlice: (slice: number) => void }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const { name, status, score, threshold, slice } = finding;
  const present = status === "present";
  return (
    <li className={styles["finding"]}>
      <span className={present ? styles["leading"] : undefined}>
        {present ? (
          <Anchor component="button" type="button" inherit title={t("findings.slice")} onClick={() => onSlice(slice)}>
            {words.finding(name)}
          </Anchor>
        ) : (
          words.finding(name)
        )}
      </span>
      <span className={present ? styles["leading"] : styles["dim"]}>{t(`findings.${status}`)}</span>
      <span
        className={styles["barTrack"]}
        title={t("findings.threshold", { threshold: format.probability(threshold) })}
      >
        <span className={styles["barFill"]} style={{ display: "block", width: `${score * 100}%` }} />
        <span className={styles["barMark"]} style={{ left: `${threshold * 100}%` }} />
      </span>
      <span className={styles["number"]}>{format.probability(score)}</span>
    </li>
  );
}
