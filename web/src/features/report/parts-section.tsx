import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StudyReport } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { Facts, Section } from "@/shared/ui/section";

interface Shown {
  score: number | undefined;
  evidence: NonNullable<StudyReport["evidence"]>;
  onSlice: (slice: number) => void;
}

/** Which of the two networks raised the score, and on which slice. */
export function PartsSection({ score, evidence, onSlice }: Shown) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const { slice } = evidence.key_slice;
  return (
    <Section title={t("parts.title")}>
      <Facts
        items={[
          [t("probability.score"), score === undefined ? null : format.probability(score)],
          [t("parts.classifier"), format.probability(evidence.classifier_p)],
          [t("parts.reconstruction"), format.probability(evidence.reconstruction_r)],
          [
            t("parts.key"),
            <span key="slice" title={t("parts.keyHint")}>
              {slice + 1}{" "}
              <Anchor component="button" type="button" size="sm" ml={6} onClick={() => onSlice(slice)}>
                {t("parts.show")}
              </Anchor>
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
