import { address } from "@/shared/api/http";
import type { Heatmap } from "../state/viewer-state";
import type { Step } from "../volume/budget";

const HEATMAP_STEP = 4; // a cell of the networks' maps spans 8 pixels and more: nothing is lost
const LUNGS_STEP = 2;

/** What is looked at: a scan's first study, or the one of that UID. */
export interface Looked {
  readonly scanId: string;
  readonly studyUid: string | null;
}

/** Where the gateway serves it. */
export function slicePath(looked: Looked, slice: number): string {
  return path(looked, `slices/${slice}`, { format: "raw" });
}

export function volumePath(looked: Looked, step: Step): string {
  return path(looked, "volume.nii.gz", { step });
}

export function heatmapPath(looked: Looked, kind: Heatmap): string {
  return path(looked, "heatmap.nii.gz", { kind, step: HEATMAP_STEP });
}

export function lungsPath(looked: Looked): string {
  return path(looked, "lungs.nii.gz", { step: LUNGS_STEP });
}

function path({ scanId, studyUid }: Looked, what: string, query: Record<string, string | number>): string {
  return address(`/api/scans/${scanId}/${what}`, { ...query, study_uid: studyUid });
}
