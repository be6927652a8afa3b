import { type Affine, fromRas } from "./affine";

/** A series as a grid of voxels; `shape` counts columns, rows and slices, and slice 0 lies lowest along the normal. */
export interface Series {
  readonly uid: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
}

/** The gateway's description: slices, rows and columns, and the affine from voxel to mm in RAS. */
export interface GridDescription {
  readonly series_uid: string;
  readonly shape: readonly number[];
  readonly affine_ras: readonly (readonly number[])[];
}

/** Throws a RangeError if the shape has no voxels. */
export function seriesOf({ series_uid, shape, affine_ras }: GridDescription): Series {
  const [slices = 0, rows = 0, columns = 0] = shape;
  if (Math.min(slices, rows, columns) < 1) throw new RangeError("a series without voxels");
  return { uid: series_uid, shape: [columns, rows, slices], affine: fromRas(affine_ras) };
}
