import type { SliceScore, StudyReport } from "@/shared/api/model";
import type { Heatmap } from "./viewer-state";

/** First and last voxel of the report's localisation along columns, rows and slices. */
export type Box = readonly [readonly [number, number], readonly [number, number], readonly [number, number]];

/** The report's evidence for the slices of its series. */
export interface SliceEvidence {
  readonly keySlice: number;
  readonly scores: readonly SliceScore[];
  readonly box: Box | null;
  readonly decisive: Heatmap; // the map of the network that gave the key slice its score, which the box was read from
}

/** Null if the study is not analysed. */
export function evidenceOf(study: StudyReport | null): SliceEvidence | null {
  if (!study?.evidence) return null;
  const { key_slice, slices } = study.evidence;
  return {
    keySlice: key_slice.slice,
    scores: slices,
    box: boxOf(study.row.pathology_localization),
    decisive: key_slice.reconstruction_r > key_slice.classifier_p ? "error" : "activation",
  };
}

/** The box of `pathology_localization`: x_min,x_max,y_min,y_max,z_min,z_max. */
export function boxOf(row: string | null): Box | null {
  const parts = row?.split(",").map((part) => Number.parseInt(part, 10)) ?? [];
  if (parts.length !== 6 || parts.some((value) => !Number.isInteger(value))) return null;
  const [x0, x1, y0, y1, z0, z1] = parts as [number, number, number, number, number, number];
  return [
    [x0, x1],
    [y0, y1],
    [z0, z1],
  ];
}
