import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Scan, ScanCounts } from "@/shared/api/model";
import { type ScanFilters, scansQuery } from "@/shared/api/scans";

const PAGE = 100; // the API's maximum
const REFRESH_ACTIVE_MS = 2_000; // refresh time while a visible scan is being analysed
const REFRESH_IDLE_MS = 15_000;

export interface Scans {
  total: number | null;
  counts: ScanCounts | null;
  at: (index: number) => Scan | undefined;
  /** Sets the visible rows; only their pages are requested. */
  setVisible: (first: number, last: number) => void;
  error: unknown;
  retry: () => void;
}

/** The scans of a list of any length, loaded by pages; visible rows are refreshed. */
export function useScans(filters: ScanFilters): Scans {
  const [range, setRange] = useState({ first: 0, last: 0 });
  const pages = Array.from({ length: range.last - range.first + 1 }, (_, step) => range.first + step);
  const answers = useQueries({
    queries: pages.map((page) => ({
      ...scansQuery(filters, page * PAGE, PAGE),
      refetchInterval: (query: { state: { data: { items: Scan[] } | undefined } }) =>
        query.state.data?.items.some(inWork) ? REFRESH_ACTIVE_MS : REFRESH_IDLE_MS,
    })),
  });
  const latest = useLast(answers.find((answer) => answer.data)?.data ?? null, JSON.stringify(filters));
  return {
    total: latest?.total ?? null,
    counts: latest?.counts ?? null,
    at: (index) => answers[pages.indexOf(Math.floor(index / PAGE))]?.data?.items[index % PAGE],
    setVisible: (first, last) => {
      const next = { first: Math.floor(first / PAGE), last: Math.floor(last / PAGE) };
      if (next.first !== range.first || next.last !== range.last) setRange(next);
    },
    error: answers.find((answer) => answer.isError)?.error ?? null,
    retry: () => {
      for (const answer of answers) void answer.refetch();
    },
  };
}

function inWork({ status }: Scan): boolean {
  return status === "queued" || status === "running";
}

/** The last value of this key while a new page is loading. */
function useLast<T>(value: T | null, key: string): T | null {
  const last = useRef<{ key: string; value: T | null }>({ key, value });
  useEffect(() => {
    if (value !== null || last.current.key !== key) last.current = { key, value };
  }, [value, key]);
  return value ?? (last.current.key === key ? last.current.value : null);
}
