import { queryOptions } from "@tanstack/react-query";
import { body, calls } from "./client";
import type { Feedback, FeedbackInput, ScanReport } from "./model";
import { Problem } from "./problem";

export type ReportFormat = "json" | "csv" | "xlsx" | "pdf";

export const reportsKey = ["reports"] as const;

/** The newest report of a scan; null while there is none. */
export function reportQuery(scanId: string) {
  return queryOptions({
    queryKey: [...reportsKey, scanId],
    queryFn: ({ signal }) =>
      orNull(
        body(calls.GET("/api/scans/{scan_id}/report", { ...of(scanId), signal })) as Promise<ScanReport>,
        "no_report",
      ),
  });
}

/** The user's own feedback on the report; null if there is none. */
export function feedbackQuery(scanId: string) {
  return queryOptions({
    queryKey: [...reportsKey, scanId, "feedback"],
    queryFn: ({ signal }) =>
      orNull(body(calls.GET("/api/scans/{scan_id}/feedback", { ...of(scanId), signal })), "no_feedback"),
  });
}

export function giveFeedback(scanId: string, feedback: FeedbackInput): Promise<Feedback> {
  return body(calls.POST("/api/scans/{scan_id}/feedback", { ...of(scanId), body: feedback }));
}

export const reportAddress = (scanId: string, format: ReportFormat, language: "en" | "ru"): string =>
  `/api/scans/${scanId}/report?format=${format}&lang=${language}`;

function of(scanId: string) {
  return { params: { path: { scan_id: scanId } } };
}

async function orNull<T>(response: Promise<T>, missing: string): Promise<T | null> {
  try {
    return await response;
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && error.code === missing) return null;
    throw error;
  }
}
