import { type Affine, fromRows } from "./affine";

/** A series as a grid of voxels; `shape` counts columns, rows and slices, and slice 0 lies lowest along the normal. */
export interface Series {
  readonly uid: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
}

/** What the gateway tells of the chosen series. */
export interface SeriesFacts {
  series_uid: string;
  shape: readonly [number, number, number]; // slices, rows, columns
  affine_lps: readonly (readonly number[])[];
}

export function seriesOf({ series_uid, shape, affine_lps }: SeriesFacts): Series {
  const [slices, rows, columns] = shape;
  if (Math.min(slices, rows, columns) < 1) throw new RangeError("a series without voxels");
  return { uid: series_uid, shape: [columns, rows, slices], affine: fromRows(affine_lps) };
}
