import { address } from "@/shared/api/http";
import type { Heatmap } from "../state/viewer-state";
import type { Step } from "../volume/memory-budget";

const HEATMAP_STEP = 4; // a cell of the networks' maps spans 8 pixels and more: nothing is lost
const LUNGS_STEP = 2;

/** A study of a scan: the one of that UID, or the first. */
export interface StudyReference {
  readonly scanId: string;
  readonly studyUid: string | null;
}

/** The gateway's URL of a slice. */
export function slicePath(study: StudyReference, slice: number): string {
  return path(study, `slices/${slice}`, { format: "raw" });
}

export function volumePath(study: StudyReference, step: Step): string {
  return path(study, "volume.nii.gz", { step });
}

export function heatmapPath(study: StudyReference, kind: Heatmap): string {
  return path(study, "heatmap.nii.gz", { kind, step: HEATMAP_STEP });
}

export function lungsPath(study: StudyReference): string {
  return path(study, "lungs.nii.gz", { step: LUNGS_STEP });
}

function path({ scanId, studyUid }: StudyReference, what: string, query: Record<string, string | number>): string {
  return address(`/api/scans/${scanId}/${what}`, { ...query, study_uid: studyUid });
}
