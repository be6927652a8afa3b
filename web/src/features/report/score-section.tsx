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

/** The score's parts (classifier, reconstruction error, the 3D expert where it was asked), and the key slice. */
export function ScoreSection({ score, evidence, onSlice }: Props) {
  const { t } = useTranslation("report");
  const format = useFormat();
  const { slice } = evidence.key_slice;
  const expert = evidence.expert3d;
  const show = (place: number) => (
    <Anchor component="button" type="button" size="sm" ml={6} onClick={() => onSlice(place)}>
      {t("scoreParts.show")}
    </Anchor>
  );
  return (
    <Section title={t("scoreParts.title")}>
      <DefinitionList
        items={[
          [t("probability.score"), score === undefined ? null : format.probability(score)],
          [t("scoreParts.classifier"), format.probability(evidence.classifier_p)],
          [t("scoreParts.reconstruction"), format.probability(evidence.reconstruction_r)],
          [
            t("scoreParts.expert"),
            expert === undefined ? null : (
              <span key="expert">
                {format.probability(expert.p)} {show(expert.slice)}
              </span>
            ),
          ],
          [
            t("scoreParts.key"),
            <span key="slice" title={t("scoreParts.keyHint")}>
              {slice + 1} {show(slice)}
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
