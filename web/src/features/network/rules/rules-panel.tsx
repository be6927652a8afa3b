import { Button, Group } from "@mantine/core";
import { IconFlask, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoutingRule, RoutingRules } from "#schema";
import type { Versioned } from "@/shared/api/client";
import { putRules, routingRulesQuery, tryRules } from "@/shared/api/routing-rules";
import { useFormat } from "@/shared/format/use-format";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel, Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { RuleDialog } from "./rule-dialog";
import { withRule } from "./rule-list";
import { RulesTable } from "./rules-table";
import { TriedTable } from "./tried-table";

const STUDIES = 50;

/** The rules in order. Changes are a draft until they are put in force; a dry run shows what they would do. */
export function RulesPanel({ destinations }: { destinations: readonly string[] }) {
  const rules = useQuery(routingRulesQuery);
  const [draft, setDraft] = useState<Draft | null>(null);
  if (rules.isError) return <ProblemNote error={rules.error} onRetry={rules.refetch} />;
  if (!rules.data) return null;
  return <Editor inForce={rules.data} draft={draft} destinations={destinations} onDraft={setDraft} />;
}

/** Changed rules, and the version that they were changed from. */
interface Draft {
  rules: RoutingRule[];
  etag: string | null;
}

interface Props {
  inForce: Versioned<RoutingRules>;
  draft: Draft | null;
  destinations: readonly string[];
  onDraft: (draft: Draft | null) => void;
}

function Editor({ inForce, draft, destinations, onDraft }: Props) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const queries = useQueryClient();
  const [edited, setEdited] = useState<number | "new" | null>(null);
  const rules = draft?.rules ?? inForce.body.rules;
  const { updated_by: who, updated_at: at } = inForce.body;
  const trial = useMutation({ mutationFn: () => tryRules(rules, STUDIES) });
  const change = (next: RoutingRule[]) => {
    trial.reset();
    onDraft({ rules: next, etag: draft?.etag ?? inForce.etag });
  };
  const put = useMutation({
    mutationFn: () => putRules(rules, draft?.etag ?? inForce.etag),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: routingRulesQuery.queryKey });
      onDraft(null);
      notify(t("rules.inForce"));
    },
  });
  const discard = async () => {
    put.reset();
    trial.reset();
    await queries.invalidateQueries({ queryKey: routingRulesQuery.queryKey });
    onDraft(null);
  };
  return (
    <Panel>
      <Section
        title={t("rules.title")}
        aside={
          at && who ? (
            <span className={styles["dim"]}>{t("rules.changedBy", { who, date: format.when(at) })}</span>
          ) : null
        }
      >
        <p className={styles["dim"]}>{t("rules.note")}</p>
        <RulesTable rules={rules} onEdit={setEdited} onChange={change} />
        <Group mt="md" gap="xs">
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setEdited("new")}>
            {t("rules.add")}
          </Button>
          <Button
            variant="default"
            leftSection={<IconFlask size={16} />}
            loading={trial.isPending}
            onClick={() => trial.mutate()}
          >
            {t("rules.try", { count: STUDIES })}
          </Button>
          {draft && (
            <>
              <Button loading={put.isPending} onClick={() => put.mutate()}>
                {t("rules.save")}
              </Button>
              <Button variant="subtle" onClick={() => void discard()}>
                {t("rules.discard")}
              </Button>
              <span className={styles["unsaved"]} role="status">
                {t("rules.unsaved")}
              </span>
            </>
          )}
        </Group>
        {put.isError && <ProblemNote error={put.error} />}
        {trial.isError && <ProblemNote error={trial.error} onRetry={() => trial.mutate()} />}
      </Section>
      {trial.data && <TriedTable tried={trial.data} />}
      {edited !== null && (
        <RuleDialog
          rule={edited === "new" ? null : (rules[edited] ?? null)}
          taken={rules.filter((_, index) => index !== edited).map(({ name }) => name)}
          destinations={destinations}
          onDone={(rule) => {
            change(withRule(rules, edited === "new" ? null : edited, rule));
            setEdited(null);
          }}
          onClose={() => setEdited(null)}
        />
      )}
    </Panel>
  );
}
