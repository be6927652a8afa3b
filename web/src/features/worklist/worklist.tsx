import { Button } from "@mantine/core";
import { IconFilterOff, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me, Scan } from "@/shared/api/model";
import { operatingPointQuery } from "@/shared/api/statistics";
import { EmptyState } from "@/shared/ui/empty-state";
import { LinkButton } from "@/shared/ui/link-button";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Preview } from "./preview";
import { Rows } from "./rows";
import { filtersOf, isFiltered } from "./scan-filters";
import type { WorklistSearch } from "./search";
import { Toolbar } from "./toolbar";
import { useScans } from "./use-scans";
import { useWorklistKeys } from "./use-worklist-keys";
import styles from "./worklist.module.css";

const selectedRows = new Map<string, number>(); // the selected row of each search, for the way back from a report

interface Props {
  me: Me;
  search: WorklistSearch;
  onSearch: (search: WorklistSearch) => void;
}

export function Worklist({ me, search, onSearch }: Props) {
  const { t } = useTranslation("worklist");
  const key = JSON.stringify(search);
  const filters = useMemo(() => filtersOf(search), [search]);
  const scans = useScans(filters);
  const [selected, setSelected] = useState(() => selectedRows.get(key) ?? 0);
  const box = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const threshold = useQuery(operatingPointQuery).data?.body.threshold ?? null;
  const total = scans.total ?? 0;
  const pick = useCallback(
    (index: number) => {
      selectedRows.set(key, index);
      setSelected(index);
    },
    [key],
  );
  const open = useCallback(
    (scan: Scan) => void navigate({ to: "/scans/$scanId", params: { scanId: scan.id } }),
    [navigate],
  );
  const chosen = scans.at(selected);
  useWorklistKeys({ selected, total, box, pick, open: () => chosen && open(chosen) });
  const narrow = (next: WorklistSearch) => {
    pick(0);
    onSearch(next);
  };
  return (
    <Page
      title={t("title")}
      tools={<Toolbar search={search} total={scans.total} counts={scans.counts} box={box} onChange={narrow} />}
    >
      {scans.error ? <ProblemNote error={scans.error} onRetry={scans.retry} /> : null}
      {scans.total === 0 ? (
        <Nothing filtered={isFiltered(search)} onAll={() => narrow({})} />
      ) : (
        <div className={styles["body"]}>
          <Rows
            key={key}
            scans={scans}
            total={total}
            selected={selected}
            threshold={threshold}
            onPick={pick}
            onOpen={open}
          />
          <Preview me={me} scan={chosen} threshold={threshold} onOpen={open} />
        </div>
      )}
    </Page>
  );
}

function Nothing({ filtered, onAll }: { filtered: boolean; onAll: () => void }) {
  const { t } = useTranslation("worklist");
  if (filtered) {
    return (
      <EmptyState icon={IconFilterOff} title={t("noMatch.title")} advice={t("noMatch.advice")}>
        <Button variant="default" onClick={onAll}>
          {t("noMatch.action")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={IconUpload} title={t("empty.title")} advice={t("empty.advice")}>
      <LinkButton to="/upload">{t("empty.action")}</LinkButton>
    </EmptyState>
  );
}
