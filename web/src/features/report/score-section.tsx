import { Anchor } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { StudyReport } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { DefinitionList, Section } from "@/shared/ui/section";

interface Props {
  score: number | undefined;
  evidence: NonNullable<StudyReport["evidence"]>;
  onSlice: (slice: number) => void;
}

/** The score's two parts, classifier and reconstruction error, and the key slice. */
export function ScoreSection({ score, evidence, onSlice }: Props) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const { slice } = evidence.key_slice;
  return (
    <Section title={t("scoreParts.title")}>
      <DefinitionList
        items={[
          [t("probability.score"), score === undefined ? null : format.probability(score)],
          [t("scoreParts.classifier"), format.probability(evidence.classifier_p)],
          [t("scoreParts.reconstruction"), format.probability(evidence.reconstruction_r)],
          [
            t("scoreParts.key"),
            <span key="slice" title={t("scoreParts.keyHint")}>
              {slice + 1}{" "}
              <Anchor component="button" type="button" size="sm" ml={6} onClick={() => onSlice(slice)}>
                {t("scoreParts.show")}
              </Anchor>
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
