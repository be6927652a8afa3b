import { queryOptions } from "@tanstack/react-query";
import { change, get } from "./http";
import type { Feedback, FeedbackInput, ScanReport } from "./model";
import { Problem } from "./problem";

export type ReportFormat = "json" | "csv" | "xlsx" | "pdf";

export const reportsKey = ["reports"] as const;

/** The newest report of a scan; null while there is none. */
export function reportQuery(scanId: string) {
  return queryOptions({
    queryKey: [...reportsKey, scanId],
    queryFn: ({ signal }) => orNull(get<ScanReport>(`/api/scans/${scanId}/report`, { signal }), "no_report"),
  });
}

/** What this reader said of the report; null when nothing yet. */
export function feedbackQuery(scanId: string) {
  return queryOptions({
    queryKey: [...reportsKey, scanId, "feedback"],
    queryFn: ({ signal }) => orNull(get<Feedback>(`/api/scans/${scanId}/feedback`, { signal }), "no_feedback"),
  });
}

export function giveFeedback(scanId: string, feedback: FeedbackInput): Promise<Feedback> {
  return change("POST", `/api/scans/${scanId}/feedback`, { json: feedback });
}

export const reportAddress = (scanId: string, format: ReportFormat): string =>
  `/api/scans/${scanId}/report?format=${format}`;

async function orNull<T>(asked: Promise<T>, missing: string): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && error.code === missing) return null;
    throw error;
  }
}
