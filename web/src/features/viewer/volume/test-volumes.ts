import type { Affine } from "../geometry/affine";
import type { Series } from "../geometry/series";
import type { Numbers, Voxels } from "./voxels";

/** Grids for the tests: the value of a voxel is computed from its position. */
export const MILLIMETRES: Affine = {
  columns: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  origin: [0, 0, 0],
};

export function seriesOf(shape: readonly [number, number, number], affine = MILLIMETRES): Series {
  return { uid: "1", shape, affine };
}

export function grid(
  shape: readonly [number, number, number],
  value: (i: number, j: number, k: number) => number,
  affine = MILLIMETRES,
  Kind: new (length: number) => Numbers = Int16Array,
): Voxels {
  const [nx, ny, nz] = shape;
  const data = new Kind(nx * ny * nz);
  for (let at = 0; at < data.length; at += 1) {
    data[at] = value(at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny)));
  }
  return { shape, affine, data, slope: 1, intercept: 0, filled: nz };
}
