import { type Affine, fromRas } from "./affine";

/** A series as a grid of voxels; `shape` counts columns, rows and slices, and slice 0 lies lowest along the normal. */
export interface Series {
  readonly uid: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
}

/** What the gateway tells of it: slices, rows and columns, and the way from a voxel to mm in RAS. */
export interface GridFacts {
  readonly series_uid: string;
  readonly shape: readonly number[];
  readonly affine_ras: readonly (readonly number[])[];
}

/** Throws a RangeError where the facts tell of no volume. */
export function seriesOf({ series_uid, shape, affine_ras }: GridFacts): Series {
  const [slices = 0, rows = 0, columns = 0] = shape;
  if (Math.min(slices, rows, columns) < 1) throw new RangeError("a series without voxels");
  return { uid: series_uid, shape: [columns, rows, slices], affine: fromRas(affine_ras) };
}
