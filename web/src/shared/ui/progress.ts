import type { ScanProgress } from "@/shared/api/model";

/** The share of an analysis that is done, from 0 to 1. While the upload is read the number of slices is unknown, so the share is small. */
export function shareDone(progress: ScanProgress | null | undefined): number {
  if (!progress || progress.stage === null) return 0;
  if (progress.slices_total <= 0) return 0.05;
  return Math.min(1, 0.05 + (0.9 * progress.slices_done) / progress.slices_total);
}
