import { Switch, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RuleDecision, TriedStudies, TriedStudyShown } from "#schema";
import { DateTime } from "@/shared/ui/date-time";
import { Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";
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
        <NetworkTable label={t("tried.title")} columns={COLUMNS.map((column) => t(`tried.${column}`))}>
          {shown.map((study, index) => (
            <Study key={study.scan_id ?? `${study.study_uid} ${index}`} study={study} />
          ))}
        </NetworkTable>
      )}
    </Section>
  );
}

function Study({ study }: { study: TriedStudyShown }) {
  const { t } = useTranslation("network");
  const { attributes, scan_id: scanId } = study;
  const name = attributes.study_description || study.study_uid || t("tried.unnamed");
  const known = [...attributes.modalities, ...attributes.body_parts, ...attributes.stations]
    .filter(Boolean)
    .join(" · ");
  return (
    <Table.Tr>
      <Table.Td className={styles["dim"]}>
        <DateTime at={study.received_at} />
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
