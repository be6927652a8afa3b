import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { analysesKey, analysisQuery, followAnalysis, isFinal } from "@/shared/api/analyses";
import type { Analysis, Scan } from "@/shared/api/model";
import { reportsKey } from "@/shared/api/reports";
import { scansKey } from "@/shared/api/scans";

const ASK_MS = 3_000; // beside the events, for a proxy may hold them back

/** The analysis of a scan while it is in work; null otherwise. When it ends, scan and report are read anew. */
export function useFollowing(scan: Scan): Analysis | null {
  const queries = useQueryClient();
  const working = scan.status === "queued" || scan.status === "running";
  const analysis = useQuery({
    ...analysisQuery(scan.id),
    enabled: working,
    refetchInterval: working ? ASK_MS : false,
  }).data;
  useEffect(() => {
    if (!working) return undefined;
    return followAnalysis(scan.id, (heard) => queries.setQueryData([...analysesKey, scan.id], heard));
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
