import { describe, expect, it } from "vitest";
import { frameOf } from "../geometry/planes";
import { sampleLinear, sampleNearest } from "./sampling";
import { grid, MILLIMETRES, seriesOf } from "./test-volumes";
import { planeSampling } from "./voxels";

const series = seriesOf([8, 8, 8]);
const axial = frameOf("axial", series);
const extent = { width: 8, height: 8 };
// Every second voxel of the series, each in the middle of its four pixels, as the gateway makes coarse grids.
const half = {
  columns: [
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 2],
  ],
  origin: [0.5, 0.5, 0],
} as const;

describe("a plane through another grid", () => {
  it("is exact where a field is linear", () => {
    const field = grid([4, 4, 4], (i, j, k) => 10 * (2 * i + 0.5) + 2 * j + 0.5 + 100 * 2 * k, half, Float32Array);
    const values = sampleLinear(field, planeSampling(axial, 3, series.affine, half), extent);
    for (const [i, j] of [
      [1, 1],
      [3, 2],
      [5, 6],
    ] as const)
      expect(values[j * 8 + i]).toBeCloseTo(10 * i + j + 300, 3);
  });

  it("has the outermost value as far as the series goes, and nothing beyond", () => {
    const ones = grid([4, 4, 4], () => 1, half, Uint8Array);
    expect(Math.min(...sampleLinear(ones, planeSampling(axial, 7, series.affine, half), extent))).toBe(1);
    const away = { ...MILLIMETRES, origin: [20, 0, 0] } as const;
    expect(
      Math.max(
        ...sampleLinear(
          grid([4, 4, 4], () => 1, away),
          planeSampling(axial, 0, series.affine, away),
          extent,
        ),
      ),
    ).toBe(0);
  });

  it("scales what is stored, and takes what is no number for nothing", () => {
    const stored = { ...grid([8, 8, 8], () => 255, MILLIMETRES, Uint8Array), slope: 1 / 255 };
    expect(sampleLinear(stored, planeSampling(axial, 0, series.affine, MILLIMETRES), extent)[0]).toBeCloseTo(1, 6);
    const holes = grid([8, 8, 8], () => Number.NaN, MILLIMETRES, Float32Array);
    expect(sampleLinear(holes, planeSampling(axial, 0, series.affine, MILLIMETRES), extent)[0]).toBe(0);
  });

  it("finds the nearest voxel of a coarse grid", () => {
    const coarse = grid([4, 4, 4], (i, j, k) => 100 * k + 10 * j + i, half);
    const hu = new Int16Array(64);
    sampleNearest(coarse, planeSampling(axial, 4, series.affine, half), extent, hu);
    expect([hu[0], hu[1], hu[2], hu[7], hu[63]]).toEqual([200, 200, 201, 203, 233]);
  });
});
