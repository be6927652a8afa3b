import { Switch, Table } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPencil, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { RoutingRule } from "#schema";
import { IconTool } from "../icon-tool";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";
import { effectOf } from "./rule-form";
import { moved, stopsScreening, without, withRule } from "./rule-list";
import { useRuleTexts } from "./use-rule-texts";

const COLUMNS = ["place", "name", "when", "then", "destinations", "enabled"] as const;

interface Props {
  rules: readonly RoutingRule[];
  onEdit: (index: number) => void;
  onChange: (rules: RoutingRule[]) => void;
}

/** The rules in order, and what happens without one that fits. */
export function RulesTable({ rules, onEdit, onChange }: Props) {
  const { t } = useTranslation("network");
  return (
    <NetworkTable
      label={t("rules.title")}
      columns={COLUMNS.map((column) => t(`rules.columns.${column}`))}
      actions={t("rules.columns.actions")}
    >
      {rules.map((rule, index) => (
        <Rule
          key={rule.name}
          rule={rule}
          index={index}
          last={index === rules.length - 1}
          onEdit={() => onEdit(index)}
          onMove={(by) => onChange(moved(rules, index, by))}
          onEnable={(enabled) => onChange(withRule(rules, index, { ...rule, enabled }))}
          onDelete={() => onChange(without(rules, index))}
        />
      ))}
      <Table.Tr className={styles["quiet"]}>
        <Table.Td />
        <Table.Td>{t("rules.otherwise")}</Table.Td>
        <Table.Td>{t("rules.everyCt")}</Table.Td>
        <Table.Td>{t("effects.routine")}</Table.Td>
        <Table.Td>{t("rules.otherwiseTo")}</Table.Td>
        <Table.Td colSpan={2} />
      </Table.Tr>
    </NetworkTable>
  );
}

interface RuleProps {
  rule: RoutingRule;
  index: number;
  last: boolean;
  onEdit: () => void;
  onMove: (by: -1 | 1) => void;
  onEnable: (enabled: boolean) => void;
  onDelete: () => void;
}

function Rule({ rule, index, last, onEdit, onMove, onEnable, onDelete }: RuleProps) {
  const { t } = useTranslation("network");
  const words = useRuleTexts();
  const conditions = words.conditions(rule.conditions);
  const { name } = rule;
  return (
    <Table.Tr className={rule.enabled ? undefined : styles["quiet"]}>
      <Table.Td className={styles["number"]}>{index + 1}</Table.Td>
      <Table.Td className={styles["name"]}>{name}</Table.Td>
      <Table.Td>
        {conditions.length === 0 && t("rules.everything")}
        {conditions.map(([label, value]) => (
          <div key={label}>
            <span className={styles["dim"]}>{label}</span> {value}
          </div>
        ))}
        {stopsScreening(rule) && <div className={styles["warning"]}>{t("rules.stops")}</div>}
      </Table.Td>
      <Table.Td>
        <span data-effect={effectOf(rule.action)} className={styles["effect"]}>
          {words.effect(rule.action)}
        </span>
      </Table.Td>
      <Table.Td>{rule.action.screen && words.destinations(rule.action.destinations)}</Table.Td>
      <Table.Td>
        <Switch
          size="xs"
          aria-label={t("rules.enable", { name })}
          checked={rule.enabled}
          onChange={(event) => onEnable(event.currentTarget.checked)}
        />
      </Table.Td>
      <Table.Td className={styles["actions"]}>
        <IconTool
          label={t("rules.up", { name })}
          disabled={index === 0}
          onClick={() => onMove(-1)}
          icon={IconArrowUp}
        />
        <IconTool label={t("rules.down", { name })} disabled={last} onClick={() => onMove(1)} icon={IconArrowDown} />
        <IconTool label={t("rules.editOne", { name })} onClick={onEdit} icon={IconPencil} />
        <IconTool label={t("rules.deleteOne", { name })} onClick={onDelete} icon={IconTrash} />
      </Table.Td>
    </Table.Tr>
  );
}
