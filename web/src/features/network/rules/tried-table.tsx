import { Switch, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RuleDecision, TriedStudies, TriedStudyShown } from "#schema";
import { useFormat } from "@/shared/format/use-format";
import { Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { useRuleTexts } from "./use-rule-texts";

const COLUMNS = ["received", "study", "sender", "now", "then"] as const;

/** What the rules would do with the last studies, beside what those in force do with them. */
export function TriedTable({ tried }: { tried: TriedStudies }) {
  const { t } = useTranslation("network");
  const [all, setAll] = useState(false);
  const shown = all || tried.changed === 0 ? tried.items : tried.items.filter(({ changes }) => changes.length > 0);
  return (
    <Section
      title={t("tried.title")}
      aside={
        tried.changed > 0 ? (
          <Switch
            size="xs"
            label={t("tried.all", { count: tried.items.length })}
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        ) : null
      }
    >
      <p role="status">
        {tried.items.length === 0
          ? t("tried.none")
          : tried.changed === 0
            ? t("tried.unchanged", { count: tried.items.length })
            : t("tried.changed", { count: tried.items.length, changed: String(tried.changed) })}
      </p>
      {shown.length > 0 && (
        <div className={styles["scrolls"]}>
          <Table verticalSpacing={6} highlightOnHover aria-label={t("tried.title")}>
            <Table.Thead>
              <Table.Tr>
                {COLUMNS.map((column) => (
                  <Table.Th key={column}>{t(`tried.${column}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((study, index) => (
                <Study key={study.scan_id ?? `${study.study_uid} ${index}`} study={study} />
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Section>
  );
}

function Study({ study }: { study: TriedStudyShown }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const { attributes, scan_id: scanId } = study;
  const name = attributes.study_description || study.study_uid || t("tried.unnamed");
  const known = [...attributes.modalities, ...attributes.body_parts, ...attributes.stations]
    .filter(Boolean)
    .join(" · ");
  return (
    <Table.Tr>
      <Table.Td className={styles["dim"]}>
        <time dateTime={study.received_at} title={format.exact(study.received_at)}>
          {format.when(study.received_at)}
        </time>
      </Table.Td>
      <Table.Td className={styles["wide"]}>
        {scanId ? (
          <Link className={styles["link"] ?? ""} to="/scans/$scanId" params={{ scanId }}>
            {name}
          </Link>
        ) : (
          name
        )}
        {known && <div className={styles["dim"]}>{known}</div>}
      </Table.Td>
      <Table.Td>
        {attributes.sender}
        <div className={styles["dim"]}>{t(`sources.${attributes.source}`)}</div>
      </Table.Td>
      <Decision decision={study.now} />
      <Decision decision={study.then} changed={study.changes.length > 0} />
    </Table.Tr>
  );
}

function Decision({ decision, changed = false }: { decision: RuleDecision; changed?: boolean }) {
  const { t } = useTranslation("network");
  const words = useRuleTexts();
  return (
    <Table.Td className={changed ? styles["changed"] : undefined}>
      {words.effect(decision)}
      {decision.screen && <div className={styles["dim"]}>{words.destinations(decision.destinations)}</div>}
      <div className={styles["dim"]}>
        {decision.rule === null ? t("tried.noRule") : t("tried.byRule", { name: decision.rule })}
        {!decision.certain && ` ${t("tried.uncertain")}`}
      </div>
    </Table.Td>
  );
}
