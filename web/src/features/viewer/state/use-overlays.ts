import type { Viewing as Asked } from "@/shared/viewing/slot";
import { heatmapPath, lungsPath } from "../loading/addresses";
import { type Grid, useGrid } from "../loading/use-grid";
import type { ViewerState } from "./viewer-state";

export interface Overlays {
  readonly heat: Grid;
  readonly lungs: Grid;
}

/** The grids that the reader wants over the slices; a new analysis has new ones. */
export function useOverlays({ scan }: Asked, studyUid: string | null, { heatmap, lungs }: ViewerState): Overlays {
  const looked = { scanId: scan.id, studyUid };
  return {
    heat: useGrid(heatmap && heatmapPath(looked, heatmap), scan.analysis_id),
    lungs: useGrid(lungs ? lungsPath(looked) : null, scan.sha256),
  };
}
