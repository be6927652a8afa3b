import type { ScanFilters } from "@/shared/api/scans";
import { daysAgo } from "@/shared/format/dates";
import type { ShowFilter, Since, WorklistSearch } from "./search";

const DAYS: Record<Exclude<Since, "any">, number> = { today: 0, week: 6, month: 29 };

const FILTERS_OF_SHOWN: Record<ShowFilter, Pick<ScanFilters, "verdict" | "status">> = {
  all: {},
  pathology: { verdict: ["pathology"] },
  not_analysed: { verdict: ["not_analysed"] },
  normal: { verdict: ["normal"] },
  work: { status: ["queued", "running"] },
};

/** The filters as the API takes them. */
export function filtersOf({ show, sort, since, q }: WorklistSearch, now: Date = new Date()): ScanFilters {
  return {
    ...FILTERS_OF_SHOWN[show ?? "all"],
    sort: sort ?? "probability",
    q: q?.trim() || null,
    from: since === undefined || since === "any" ? null : daysAgo(DAYS[since], now),
  };
}

/** Whether a filter is set. */
export function isFiltered({ show, since, q }: WorklistSearch): boolean {
  return (show ?? "all") !== "all" || (since ?? "any") !== "any" || Boolean(q?.trim());
}
