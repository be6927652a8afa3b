import type { Series } from "../geometry/series";
import type { SliceEvidence } from "./evidence";
import { initialState, type ViewerState } from "./viewer-state";

/** The initial state: the centre of the first slice, with the decisive map if there is a localisation. */
export function initialView({ shape }: Series, slice: number, evidence: SliceEvidence | null): ViewerState {
  const cursor = [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2), slice] as const;
  return { ...initialState(cursor), heatmap: evidence?.box ? evidence.decisive : null };
}
