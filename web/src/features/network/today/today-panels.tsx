import { Pagination } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { incomingStudiesQuery, sendersQuery } from "@/shared/api/incoming";
import { EmptyState } from "@/shared/ui/empty-state";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel, Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { IncomingTable } from "./incoming-table";
import { RefusedTable, SendersTable } from "./senders-table";

const ROWS = 50;

/** Who sent studies, and what came since midnight and what became of it. */
export function TodayPanels() {
  const [since] = useState(midnight);
  return (
    <div className={styles["parts"]}>
      <Studies since={since} />
      <Senders since={since} />
    </div>
  );
}

function Studies({ since }: { since: string }) {
  const { t } = useTranslation(["network", "common"]);
  const [page, setPage] = useState(1);
  const studies = useQuery(incomingStudiesQuery(since, ROWS, (page - 1) * ROWS));
  if (studies.isError) return <ProblemNote error={studies.error} onRetry={studies.refetch} />;
  if (!studies.data) return null;
  const { items, total } = studies.data;
  return (
    <Panel>
      <Section
        title={t("incoming.title")}
        aside={<span className={styles["dim"]}>{t("incoming.count", { count: total })}</span>}
      >
        {total === 0 ? (
          <EmptyState icon={IconInbox} title={t("incoming.none")} advice={t("incoming.noneAdvice")} />
        ) : (
          <IncomingTable studies={items} />
        )}
        {total > ROWS && (
          <Pagination
            mt="sm"
            size="sm"
            total={Math.ceil(total / ROWS)}
            value={page}
            onChange={setPage}
            getControlProps={(control) => ({
              "aria-label": t(control === "next" ? "common:actions.next" : "common:actions.previous"),
            })}
          />
        )}
      </Section>
    </Panel>
  );
}

function Senders({ since }: { since: string }) {
  const { t } = useTranslation("network");
  const senders = useQuery(sendersQuery(since));
  if (senders.isError) return <ProblemNote error={senders.error} onRetry={senders.refetch} />;
  if (!senders.data) return null;
  return (
    <Panel>
      <Section title={t("senders.title")}>
        <SendersTable senders={senders.data} />
      </Section>
      {senders.data.refused.length > 0 && (
        <Section title={t("refused.title")}>
          <RefusedTable refused={senders.data.refused} />
        </Section>
      )}
    </Panel>
  );
}

/** The last midnight of this place, as a time with its zone. */
function midnight(): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}
