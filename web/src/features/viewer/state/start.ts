import type { StudyReport } from "@/shared/api/model";
import type { Series } from "../geometry/series";
import { initialState, type ViewerState } from "./viewer-state";

/** The first look: the middle of the slice that came first, under the heatmap where the verdict needs a reason. */
export function startOf({ shape }: Series, slice: number, study: StudyReport | null): ViewerState {
  const cursor = [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2), slice] as const;
  return { ...initialState(cursor), heatmap: study?.verdict === "pathology" ? "activation" : null };
}
