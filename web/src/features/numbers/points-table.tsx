import { Badge, Button, Table, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Versioned } from "@/shared/api/client";
import type { CardPoint, ChosenPoint, Me, ModelCard } from "@/shared/api/model";
import { may } from "@/shared/format/names";
import { useFormat } from "@/shared/format/use-format";
import { useWords } from "@/shared/i18n/words";
import { Section } from "@/shared/ui/section";
import { ChooseDialog } from "./choose-dialog";
import styles from "./numbers.module.css";

const COLUMNS = ["name", "threshold", "sensitivity", "specificity", "ruleOut"] as const;

interface Shown {
  me: Me;
  card: ModelCard;
  chosen: Versioned<ChosenPoint>;
}

/** The measured points, the one in use, and for an admin the way to another. */
export function PointsTable({ me, card, chosen }: Shown) {
  const { t } = useTranslation("numbers");
  const format = useFormat();
  const [asked, setAsked] = useState<string | null>(null);
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
              onChoose={chooses ? setAsked : null}
            />
          ))}
        </Table.Tbody>
      </Table>
      {asked !== null && <ChooseDialog card={card} chosen={chosen} name={asked} onClose={() => setAsked(null)} />}
    </Section>
  );
}

interface PointShown {
  name: string;
  point: CardPoint;
  used: boolean;
  onChoose: ((name: string) => void) | null;
}

function Point({ name, point, used, onChoose }: PointShown) {
  const { t } = useTranslation("numbers");
  const format = useFormat();
  const words = useWords();
  const measured = (value: number | null | undefined, ci: [number, number] | null | undefined) => {
    if (value === null || value === undefined) return t("points.unmeasured");
    return ci
      ? `${format.percent(value, 1)} (${format.percent(ci[0])}–${format.percent(ci[1])})`
      : format.percent(value, 1);
  };
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
      <Table.Td>{measured(point.sensitivity, point.sensitivity_ci)}</Table.Td>
      <Table.Td>{measured(point.specificity, point.specificity_ci)}</Table.Td>
      <Table.Td>{point.rule_out_rate == null ? t("points.unmeasured") : format.percent(point.rule_out_rate)}</Table.Td>
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
