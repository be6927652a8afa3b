import { Button } from "@mantine/core";
import { IconFilterOff, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Me, Scan } from "@/shared/api/model";
import { operatingPointQuery } from "@/shared/api/numbers";
import { Empty } from "@/shared/ui/empty";
import { LinkButton } from "@/shared/ui/link-button";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import { askedOf, isFiltered } from "./asked";
import { Preview } from "./preview";
import { Rows } from "./rows";
import type { WorklistSearch } from "./search";
import { Toolbar } from "./toolbar";
import { useKeys } from "./use-keys";
import { useScans } from "./use-scans";
import styles from "./worklist.module.css";

const remembered = new Map<string, number>(); // the row that was chosen, so that the way back from a report finds it

interface Shown {
  me: Me;
  search: WorklistSearch;
  onSearch: (search: WorklistSearch) => void;
}

export function Worklist({ me, search, onSearch }: Shown) {
  const { t } = useTranslation("worklist");
  const key = JSON.stringify(search);
  const asked = useMemo(() => askedOf(search), [search]);
  const scans = useScans(asked);
  const [selected, setSelected] = useState(() => remembered.get(key) ?? 0);
  const box = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const threshold = useQuery(operatingPointQuery).data?.body.threshold ?? null;
  const total = scans.total ?? 0;
  const pick = useCallback(
    (index: number) => {
      remembered.set(key, index);
      setSelected(index);
    },
    [key],
  );
  const open = useCallback(
    (scan: Scan) => void navigate({ to: "/scans/$scanId", params: { scanId: scan.id } }),
    [navigate],
  );
  const chosen = scans.at(selected);
  useKeys({ selected, total, box, pick, open: () => chosen && open(chosen) });
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
      <Empty icon={IconFilterOff} title={t("nothing.title")} advice={t("nothing.advice")}>
        <Button variant="default" onClick={onAll}>
          {t("nothing.action")}
        </Button>
      </Empty>
    );
  }
  return (
    <Empty icon={IconUpload} title={t("empty.title")} advice={t("empty.advice")}>
      <LinkButton to="/upload">{t("empty.action")}</LinkButton>
    </Empty>
  );
}
