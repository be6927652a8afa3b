import { queryOptions } from "@tanstack/react-query";
import { change, get, remove } from "./http";
import type { Analysis, AnalysisState } from "./model";

const FINAL: readonly AnalysisState[] = ["done", "failed", "cancelled"];

export const analysesKey = ["analyses"] as const;

export function isFinal(state: string): boolean {
  return (FINAL as readonly string[]).includes(state);
}

/** The newest analysis of a scan. */
export function analysisQuery(scanId: string) {
  return queryOptions({
    queryKey: [...analysesKey, scanId],
    queryFn: ({ signal }) => get<Analysis>(`/api/scans/${scanId}/analysis`, { signal }),
  });
}

export function analyse(scanId: string, urgent = false): Promise<Analysis> {
  return change("POST", `/api/scans/${scanId}/analyze`, { query: { urgent } });
}

export function cancelAnalysis(scanId: string): Promise<void> {
  return remove(`/api/scans/${scanId}/analysis`);
}

/** Calls `onState` for every step until the analysis has ended; returns the way to stop listening. */
export function followAnalysis(scanId: string, onState: (analysis: Analysis) => void): () => void {
  const source = new EventSource(`/api/scans/${scanId}/analysis/events`);
  source.addEventListener("analysis", (event: MessageEvent<string>) => {
    const analysis = JSON.parse(event.data) as Analysis;
    onState(analysis);
    if (isFinal(analysis.state)) source.close(); // else the browser would open it anew
  });
  return () => source.close();
}
