import type { ReactNode } from "react";
import type { Scan, StudyReport } from "@/shared/api/model";

/** What the report tells the viewer beside it, and hears from it; `app` puts one into the other. */
export interface Viewing {
  scan: Scan;
  /** The study that is shown; null while there is no report. */
  study: StudyReport | null;
  /** The slice that the reader asked for, counted from the lowest; null leaves it to the viewer. */
  slice: number | null;
  onSlice: (slice: number) => void;
}

export type ViewerSlot = (viewing: Viewing) => ReactNode;
