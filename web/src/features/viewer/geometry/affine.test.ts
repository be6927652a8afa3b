import { describe, expect, it } from "vitest";
import { type Affine, compose, distanceMm, fromRas, fromRows, inverse, toMm, type Vec3 } from "./affine";

const tilted: Affine = {
  columns: [
    [0.7, 0, 0.1],
    [0, 0.68, 0.1],
    [0.05, -0.2, 2],
  ],
  origin: [-170, -160, -300],
};

function expectClose(found: Vec3, wanted: Vec3) {
  for (const at of [0, 1, 2] as const) expect(found[at]).toBeCloseTo(wanted[at], 9);
}

describe("an affine", () => {
  it("takes voxels to mm, column by column", () => {
    const affine = fromRows([
      [0.5, 0, 0, -100],
      [0, 0.5, 0, -90],
      [0, 0, 2, 10],
      [0, 0, 0, 1],
    ]);
    expect(toMm(affine, [10, 20, 3])).toEqual([-95, -80, 16]);
  });

  it("turns NIfTI's right and anterior into DICOM's left and posterior", () => {
    const ras = fromRas([
      [-0.5, 0, 0, 100],
      [0, -0.5, 0, 90],
      [0, 0, 2, 10],
      [0, 0, 0, 1],
    ]);
    expect(toMm(ras, [10, 20, 3])).toEqual([-95, -80, 16]);
  });

  it("comes back by its inverse, sheared by a tilted gantry too", () => {
    expectClose(toMm(inverse(tilted), toMm(tilted, [3, 5, 7])), [3, 5, 7]);
  });

  it("composes as one after the other", () => {
    const other = inverse({ ...tilted, origin: [1, 2, 3] });
    expectClose(toMm(compose(other, tilted), [4, 5, 6]), toMm(other, toMm(tilted, [4, 5, 6])));
  });

  it("measures in mm along all three axes", () => {
    const affine: Affine = {
      columns: [
        [3, 0, 0],
        [0, 4, 0],
        [0, 0, 12],
      ],
      origin: [9, 9, 9],
    };
    expect(distanceMm(affine, [0, 0, 0], [1, 1, 1])).toBe(13);
  });

  it("refuses axes that lie in one plane, and numbers that are none", () => {
    expect(() =>
      inverse({
        ...tilted,
        columns: [
          [1, 0, 0],
          [0, 1, 0],
          [1, 1, 0],
        ],
      }),
    ).toThrow(RangeError);
    expect(() => fromRows([[Number.NaN, 0, 0, 0]])).toThrow(RangeError);
  });
});
