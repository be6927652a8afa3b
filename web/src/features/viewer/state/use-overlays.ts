import type { ViewerRequest } from "@/shared/viewing/viewer-slot";
import { heatmapPath, lungsPath } from "../loading/urls";
import { type Overlay, useOverlay } from "../loading/use-overlay";
import type { ViewerState } from "./viewer-state";

export interface Overlays {
  readonly heat: Overlay;
  readonly lungs: Overlay;
}

/** The grids over the slices that the user has chosen; each analysis has its own. */
export function useOverlays(
  { scan }: ViewerRequest,
  studyUid: string | null,
  { heatmap, lungs }: ViewerState,
): Overlays {
  const study = { scanId: scan.id, studyUid };
  return {
    heat: useOverlay(heatmap && heatmapPath(study, heatmap), scan.analysis_id),
    lungs: useOverlay(lungs ? lungsPath(study) : null, scan.sha256),
  };
}
