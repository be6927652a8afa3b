import { Badge, Button, Table, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Versioned } from "@/shared/api/client";
import type { CardPoint, ChosenPoint, Me, ModelCard } from "@/shared/api/model";
import { may } from "@/shared/format/names";
import { useFigures } from "@/shared/format/use-figures";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { Section } from "@/shared/ui/section";
import { OperatingPointDialog } from "./operating-point-dialog";
import styles from "./statistics.module.css";

const COLUMNS = ["name", "threshold", "sensitivity", "specificity", "ruleOut"] as const;

interface Props {
  me: Me;
  card: ModelCard;
  chosen: Versioned<ChosenPoint>;
}

/** The measured operating points and the one in force; an admin can choose another. */
export function OperatingPointsTable({ me, card, chosen }: Props) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const [selected, setSelected] = useState<string | null>(null);
  const chooses = may(me, "operation.write");
  const { updated_by: who, updated_at: at } = chosen.body;
  const points = Object.entries(card.operating_points).sort(([, a], [, b]) => a.threshold - b.threshold);
  return (
    <Section
      title={t("points.title")}
      aside={
        <span className={styles["dim"]}>
          {who && at ? t("points.chosenBy", { who, date: format.when(at) }) : t("points.byCard")}
          {!chooses && ` ${t("points.only")}`}
        </span>
      }
    >
      <Table verticalSpacing={7} highlightOnHover aria-label={t("points.title")}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column}>{t(`points.${column}`)}</Table.Th>
            ))}
            <Table.Th>
              <VisuallyHidden>{t("points.choose")}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points.map(([name, point]) => (
            <Point
              key={name}
              name={name}
              point={point}
              used={name === chosen.body.name}
              onChoose={chooses ? setSelected : null}
            />
          ))}
        </Table.Tbody>
      </Table>
      <MeasuredOnTexts points={points.map(([, point]) => point)} />
      {selected !== null && (
        <OperatingPointDialog card={card} chosen={chosen} name={selected} onClose={() => setSelected(null)} />
      )}
    </Section>
  );
}

/** What the figures were measured on; usually the same for all points. */
function MeasuredOnTexts({ points }: { points: readonly CardPoint[] }) {
  const figures = useFigures();
  const measured = points.filter((point) => point.sensitivity != null);
  const texts = new Set(measured.map((point) => figures.measuredOn(point.measured_on)));
  return [...texts].map((text) => (
    <p key={text} className={styles["dim"]}>
      {text}
    </p>
  ));
}

interface PointProps {
  name: string;
  point: CardPoint;
  used: boolean;
  onChoose: ((name: string) => void) | null;
}

function Point({ name, point, used, onChoose }: PointProps) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const words = useCodeTexts();
  const figures = useFigures();
  const studies = point.measured_on;
  return (
    <Table.Tr className={used ? styles["used"] : undefined}>
      <Table.Td>
        {words.point(name)}{" "}
        {used && (
          <Badge size="sm" variant="light" radius="sm" ml={8} tt="none">
            {t("points.inUse")}
          </Badge>
        )}
      </Table.Td>
      <Table.Td>{format.decimal(point.threshold, 3)}</Table.Td>
      <Table.Td>{figures.proportion(point.sensitivity, point.sensitivity_ci, studies)}</Table.Td>
      <Table.Td>{figures.proportion(point.specificity, point.specificity_ci, studies)}</Table.Td>
      <Table.Td>{figures.proportion(point.rule_out_rate, point.rule_out_rate_ci, studies)}</Table.Td>
      <Table.Td align="right">
        {!used && onChoose && (
          <Button size="compact-xs" variant="default" onClick={() => onChoose(name)}>
            {t("points.choose")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
