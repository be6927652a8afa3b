import type { ReactNode } from "react";
import type { Scan, StudyReport } from "@/shared/api/model";

/** What the report page passes to the viewer beside it, and gets back; `app` connects the two. */
export interface ViewerRequest {
  scan: Scan;
  /** The study that is shown; null while there is no report. */
  study: StudyReport | null;
  /** The requested slice, counted from the lowest; null leaves the choice to the viewer. */
  slice: number | null;
  onSlice: (slice: number) => void;
}

export type ViewerSlot = (request: ViewerRequest) => ReactNode;
