import type { Series } from "../geometry/series";
import type { SliceEvidence } from "./evidence";
import { initialState, type ViewerState } from "./viewer-state";

/** The first look: the middle of the slice that came first, under the map that decided where there is something to show. */
export function startOf({ shape }: Series, slice: number, evidence: SliceEvidence | null): ViewerState {
  const cursor = [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2), slice] as const;
  return { ...initialState(cursor), heatmap: evidence?.box ? evidence.decisive : null };
}
