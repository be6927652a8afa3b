import { Anchor } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { Finding, Verdict } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import styles from "./report.module.css";

const FIRST = 6;

interface Props {
  findings: readonly Finding[];
  verdict: Verdict;
}

/** The 16 findings as bars, ordered by the number of slices where each is the highest. */
export function FindingsSection({ findings, verdict }: Props) {
  const { t } = useTranslation("report");
  const [whole, { toggle }] = useDisclosure(false);
  const shown = whole ? findings : findings.slice(0, FIRST);
  return (
    <Section
      title={t("findings.title")}
      aside={
        <Anchor component="button" type="button" size="xs" onClick={toggle} aria-expanded={whole}>
          {whole ? t("findings.fewer") : t("findings.all")}
        </Anchor>
      }
    >
      <ol className={styles["findings"]}>
        {shown.map((finding, index) => (
          <Bar key={finding.name} finding={finding} leading={index === 0 && verdict === "pathology"} />
        ))}
      </ol>
      <p className={styles["dim"]} style={{ margin: "10px 0 0" }}>
        {verdict === "normal" && `${t("findings.normal")} `}
        {t("findings.hint")}
      </p>
    </Section>
  );
}

function Bar({ finding, leading }: { finding: Finding; leading: boolean }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const { name, mean, top_slices: slices } = finding;
  return (
    <li className={styles["finding"]}>
      <span className={styles["votes"]} title={t("findings.slices", { count: slices })}>
        {slices || ""}
      </span>
      <span className={leading ? styles["leading"] : undefined}>{words.finding(name)}</span>
      <span className={styles["barTrack"]} aria-hidden>
        <span className={styles["barFill"]} style={{ display: "block", width: `${Math.min(1, mean) * 100}%` }} />
      </span>
      <span className={styles["number"]}>{format.probability(mean)}</span>
    </li>
  );
}
