import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { analysesKey, analysisQuery, followAnalysis, isFinal } from "@/shared/api/analyses";
import type { Analysis, Scan } from "@/shared/api/model";
import { reportsKey } from "@/shared/api/reports";
import { scansKey } from "@/shared/api/scans";

const POLL_MS = 3_000; // in addition to the events, because a proxy may delay them

/** The queued or running analysis of a scan, else null. When it ends, scan and report are loaded again. */
export function useRunningAnalysis(scan: Scan): Analysis | null {
  const queries = useQueryClient();
  const working = scan.status === "queued" || scan.status === "running";
  const analysis = useQuery({
    ...analysisQuery(scan.id),
    enabled: working,
    refetchInterval: working ? POLL_MS : false,
  }).data;
  useEffect(() => {
    if (!working) return undefined;
    return followAnalysis(scan.id, (update) => queries.setQueryData([...analysesKey, scan.id], update));
  }, [working, scan.id, queries]);
  const ended = working && analysis !== undefined && isFinal(analysis.state);
  useEffect(() => {
    if (!ended) return;
    for (const queryKey of [
      [...scansKey, "one", scan.id],
      [...scansKey, "list"],
      [...reportsKey, scan.id],
    ]) {
      void queries.invalidateQueries({ queryKey });
    }
  }, [ended, scan.id, queries]);
  return working ? (analysis ?? null) : null;
}
