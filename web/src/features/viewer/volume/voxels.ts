import { type Affine, compose, inverse } from "../geometry/affine";
import type { Frame } from "../geometry/planes";
import { toVoxel } from "../geometry/planes";

export type Numbers = Int16Array | Uint8Array | Float32Array;

/** A grid of stored values in the patient: value x `slope` + `intercept` is the meaning. `filled` slices are loaded. */
export interface Voxels {
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  readonly data: Numbers;
  readonly slope: number;
  readonly intercept: number;
  filled: number;
}

/** Where a plane's pixel (0, 0) lies in another grid, and the steps to the next pixel across and down. */
export interface PlaneSampling {
  readonly start: readonly [number, number, number];
  readonly across: readonly [number, number, number];
  readonly down: readonly [number, number, number];
}

/** The sampling of another grid along a slice of the series, from the two affines. */
export function planeSampling(frame: Frame, slice: number, series: Affine, other: Affine): PlaneSampling {
  const between = compose(inverse(other), series);
  const at = (u: number, v: number): [number, number, number] => {
    const [x, y, z] = toVoxel(frame, [u, v], slice);
    const [a, b, c] = between.columns;
    const along = (n: 0 | 1 | 2): number => between.origin[n] + a[n] * x + b[n] * y + c[n] * z;
    return [along(0), along(1), along(2)];
  };
  const start = at(0, 0);
  const step = ([x, y, z]: readonly [number, number, number]): [number, number, number] => [
    x - start[0],
    y - start[1],
    z - start[2],
  ];
  return { start, across: step(at(1, 0)), down: step(at(0, 1)) };
}
