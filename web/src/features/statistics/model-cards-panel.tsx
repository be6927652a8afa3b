import { Badge, Button, Table, VisuallyHidden } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ListedCard } from "#schema";
import { modelCardsQuery, putInForce } from "@/shared/api/model-cards";
import { siteFiguresOf } from "@/shared/api/site-figures";
import { modelCardQuery, operatingPointQuery } from "@/shared/api/statistics";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Section } from "@/shared/ui/section";
import styles from "./statistics.module.css";

const COLUMNS = ["name", "patients", "sensitivity", "specificity", "calibration"] as const;

/** The shipped card and those calibrated on this site's studies, for an admin, who puts one of them in force. */
export function ModelCardsPanel() {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const cards = useQuery(modelCardsQuery);
  const [selected, setSelected] = useState<string | null>(null);
  if (cards.isError) return <ProblemNote error={cards.error} onRetry={cards.refetch} />;
  if (!cards.data) return null;
  const { items, changed_at: at, changed_by: who } = cards.data.body;
  return (
    <Section
      title={t("cards.title")}
      aside={
        at && who ? <span className={styles["dim"]}>{t("cards.changedBy", { who, date: format.when(at) })}</span> : null
      }
    >
      <Table verticalSpacing={7} highlightOnHover aria-label={t("cards.title")}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column}>{t(`cards.${column}`)}</Table.Th>
            ))}
            <Table.Th>
              <VisuallyHidden>{t("cards.choose")}</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((card) => (
            <Card key={card.version} card={card} onChoose={() => setSelected(card.version)} />
          ))}
        </Table.Tbody>
      </Table>
      <p className={styles["dim"]}>{t(items.length > 1 ? "cards.note" : "cards.none")}</p>
      {selected !== null && (
        <PutInForceDialog version={selected} etag={cards.data.etag} onClose={() => setSelected(null)} />
      )}
    </Section>
  );
}

function Card({ card, onChoose }: { card: ListedCard; onChoose: () => void }) {
  const { t } = useTranslation("statistics");
  const format = useFormat();
  const site = siteFiguresOf(card.site);
  const sides = site && ([site.before, site.after] as const);
  const proportions = (figure: "sensitivity" | "specificity") =>
    sides &&
    t("cards.change", {
      before: format.percent(sides[0].operating_point[figure]),
      after: format.percent(sides[1].operating_point[figure]),
      low: format.percent(sides[1].operating_point[`${figure}_ci`][0]),
      high: format.percent(sides[1].operating_point[`${figure}_ci`][1]),
    });
  return (
    <Table.Tr className={card.in_force ? styles["used"] : undefined}>
      <Table.Td>
        {card.version}{" "}
        {card.in_force && (
          <Badge size="sm" variant="light" radius="sm" ml={8} tt="none">
            {t("points.inUse")}
          </Badge>
        )}
        <div className={styles["dim"]}>
          {card.shipped
            ? t("cards.shipped")
            : card.created_at && t("cards.made", { date: format.when(card.created_at), who: card.created_by })}
          {site?.kept && ` ${t("cards.kept")}`}
        </div>
      </Table.Td>
      <Table.Td>
        {site &&
          t("model.patientCounts", {
            pathological: format.whole(site.patients.pathological),
            normal: format.whole(site.patients.normal),
          })}
      </Table.Td>
      <Table.Td>{proportions("sensitivity")}</Table.Td>
      <Table.Td>{proportions("specificity")}</Table.Td>
      <Table.Td>
        {sides &&
          t("cards.change", {
            before: format.decimal(sides[0].calibration_error.value, 3),
            after: format.decimal(sides[1].calibration_error.value, 3),
            low: format.decimal(sides[1].calibration_error.low, 3),
            high: format.decimal(sides[1].calibration_error.high, 3),
          })}
      </Table.Td>
      <Table.Td align="right">
        {!card.usable && <span className={styles["dim"]}>{t("cards.otherNetworks")}</span>}
        {card.usable && !card.in_force && (
          <Button size="compact-xs" variant="default" onClick={onChoose}>
            {t("cards.choose")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function PutInForceDialog({ version, etag, onClose }: { version: string; etag: string | null; onClose: () => void }) {
  const { t } = useTranslation("statistics");
  const queries = useQueryClient();
  const point = useQuery(operatingPointQuery).data?.body;
  const words = useCodeTexts();
  const dropped = point?.chosen ? ` ${t("cards.dropped", { point: words.point(point.name) })}` : "";
  const put = useMutation({
    mutationFn: () => putInForce(version, etag),
    onSuccess: async () => {
      onClose();
      notify(t("cards.done", { version }));
      const changed = [modelCardsQuery, modelCardQuery, operatingPointQuery];
      await Promise.all(changed.map(({ queryKey }) => queries.invalidateQueries({ queryKey })));
    },
  });
  return (
    <ConfirmDialog
      opened
      title={t("cards.askTitle", { version })}
      text={t("cards.askText") + dropped}
      confirm={t("cards.choose")}
      busy={put.isPending}
      error={put.error}
      onConfirm={put.mutate}
      onClose={onClose}
    />
  );
}
