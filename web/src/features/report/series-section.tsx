import { IconCircleCheckFilled, IconCircleMinus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Candidate } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import styles from "./report.module.css";

/** Why this series was screened and not the others. */
export function SeriesSection({ series }: { series: readonly Candidate[] }) {
  const { t } = useTranslation("report");
  return (
    <Section title={t("series.why")}>
      <ul className={styles["series"]}>
        {series.map((candidate, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: one series UID may hold several stacks; their order is the report's
          <One key={`${candidate.series_uid} ${index}`} candidate={candidate} />
        ))}
      </ul>
    </Section>
  );
}

function One({ candidate }: { candidate: Candidate }) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const words = useCodeTexts();
  const { chosen, kernel, slices, spacing_mm } = candidate;
  const facts = [
    t("findings.slices", { count: slices }),
    kernel,
    spacing_mm === null ? null : t("mm", { mm: format.decimal(spacing_mm, spacing_mm % 1 === 0 ? 0 : 2) }),
  ];
  const Icon = chosen ? IconCircleCheckFilled : IconCircleMinus;
  return (
    <li className={styles["oneSeries"]} data-chosen={chosen || undefined}>
      <Icon size={16} aria-label={chosen ? t("series.chosen") : undefined} aria-hidden={!chosen} />
      <div>
        <div title={candidate.series_uid}>{facts.filter(Boolean).join(" · ")}</div>
        <div className={styles["dim"]}>{words.reason(candidate)}</div>
      </div>
    </li>
  );
}
