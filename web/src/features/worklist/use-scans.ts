import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Scan, ScanCounts } from "@/shared/api/model";
import { type ScansAsked, scansQuery } from "@/shared/api/scans";

const PAGE = 100; // as many as the API gives at once
const LIVELY_MS = 2_000; // while something on the screen is in work
const QUIET_MS = 15_000;

export interface Scans {
  total: number | null;
  counts: ScanCounts | null;
  at: (index: number) => Scan | undefined;
  /** Tells which rows are on the screen; only their pages are asked for. */
  look: (first: number, last: number) => void;
  error: unknown;
  retry: () => void;
}

/** The scans of a list of any length, a page at a time, kept fresh where the reader looks. */
export function useScans(asked: ScansAsked): Scans {
  const [range, setRange] = useState({ first: 0, last: 0 });
  const pages = Array.from({ length: range.last - range.first + 1 }, (_, step) => range.first + step);
  const answers = useQueries({
    queries: pages.map((page) => ({
      ...scansQuery(asked, page * PAGE, PAGE),
      refetchInterval: (query: { state: { data: { items: Scan[] } | undefined } }) =>
        query.state.data?.items.some(inWork) ? LIVELY_MS : QUIET_MS,
    })),
  });
  const known = useLast(answers.find((answer) => answer.data)?.data ?? null, JSON.stringify(asked));
  return {
    total: known?.total ?? null,
    counts: known?.counts ?? null,
    at: (index) => answers[pages.indexOf(Math.floor(index / PAGE))]?.data?.items[index % PAGE],
    look: (first, last) => {
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

/** The last value that was known under this key, while a new page is on its way. */
function useLast<T>(value: T | null, key: string): T | null {
  const last = useRef<{ key: string; value: T | null }>({ key, value });
  useEffect(() => {
    if (value !== null || last.current.key !== key) last.current = { key, value };
  }, [value, key]);
  return value ?? (last.current.key === key ? last.current.value : null);
}
