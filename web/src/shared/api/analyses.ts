import { queryOptions } from "@tanstack/react-query";
import { body, calls } from "./client";
import type { Analysis, AnalysisState } from "./model";

const FINAL: readonly AnalysisState[] = ["done", "failed", "cancelled"];

export const analysesKey = ["analyses"] as const;

export function isFinal(state: AnalysisState): boolean {
  return FINAL.includes(state);
}

/** The newest analysis of a scan. */
export function analysisQuery(scanId: string) {
  return queryOptions({
    queryKey: [...analysesKey, scanId],
    queryFn: ({ signal }) => body(calls.GET("/api/scans/{scan_id}/analysis", { ...of(scanId), signal })),
  });
}

/** Requests an analysis and does not wait for its end. */
export function analyse(scanId: string, urgent = false): Promise<Analysis> {
  const params = { path: { scan_id: scanId }, query: { urgent }, header: { Prefer: ["respond-async"] } };
  return body(calls.POST("/api/scans/{scan_id}/analyze", { params }));
}

export function cancelAnalysis(scanId: string): Promise<Analysis> {
  return body(calls.DELETE("/api/scans/{scan_id}/analysis", of(scanId)));
}

/** Calls `onState` for every state until the analysis has ended; returns a function that stops listening. */
export function followAnalysis(scanId: string, onState: (analysis: Analysis) => void): () => void {
  const source = new EventSource(`/api/scans/${scanId}/analysis/events`);
  source.addEventListener("analysis", (event: MessageEvent<string>) => {
    const analysis = JSON.parse(event.data) as Analysis;
    onState(analysis);
    if (isFinal(analysis.state)) source.close(); // otherwise the browser would reconnect
  });
  return () => source.close();
}

function of(scanId: string) {
  return { params: { path: { scan_id: scanId } } };
}
