import { describe, expect, it } from "vitest";
import type { Affine } from "./affine";
import { frameOf, PLANES, sliceAtMm, sliceMm, sliceOf, toPixel, toVoxel } from "./planes";
import type { Series } from "./series";

const headFirst: Affine = {
  columns: [
    [0.7, 0, 0],
    [0, 0.7, 0],
    [0, 0, 2],
  ],
  origin: [-180, -170, -300],
};
const supine: Series = { uid: "1", shape: [512, 500, 154], affine: headFirst };
const prone: Series = {
  ...supine,
  affine: {
    ...headFirst,
    columns: [
      [-0.7, 0, 0],
      [0, -0.7, 0],
      [0, 0, 2],
    ],
  },
};

describe("radiological convention", () => {
  it.each([
    ["axial", { left: "R", right: "L", top: "A", bottom: "P" }],
    ["coronal", { left: "R", right: "L", top: "S", bottom: "I" }],
    ["sagittal", { left: "A", right: "P", top: "S", bottom: "I" }],
  ] as const)("has the patient's sides of the %s plane where a reader looks for them", (plane, letters) => {
    expect(frameOf(plane, supine).letters).toEqual(letters);
    expect(frameOf(plane, prone).letters).toEqual(letters);
  });

  it("shows a supine patient's slices as they are stored, and turns those of a prone one", () => {
    expect(toVoxel(frameOf("axial", supine), [10, 20], 3)).toEqual([10, 20, 3]);
    expect(toVoxel(frameOf("axial", prone), [10, 20], 3)).toEqual([501, 479, 3]);
  });

  it("draws the head above in both upright planes", () => {
    expect(toVoxel(frameOf("coronal", supine), [10, 0], 20)).toEqual([10, 20, 153]);
    expect(toVoxel(frameOf("sagittal", supine), [20, 0], 10)).toEqual([10, 20, 153]);
  });
});

describe("a frame", () => {
  it.each(PLANES)("finds the pixel and the slice of a voxel of the %s plane again", (plane) => {
    for (const series of [supine, prone]) {
      const frame = frameOf(plane, series);
      const voxel = toVoxel(frame, [7, 11], 13);
      expect(toPixel(frame, voxel)).toEqual([7, 11]);
      expect(sliceOf(frame, voxel)).toBe(13);
    }
  });

  it("keeps its proportions in mm", () => {
    const { across, down } = frameOf("coronal", supine);
    expect([across.count, across.stepMm, down.count, down.stepMm]).toEqual([512, 0.7, 154, 2]);
  });

  it.each(PLANES)("takes slices of the %s plane to mm and back", (plane) => {
    const frame = frameOf(plane, prone);
    for (const slice of [0, 1, 77, frame.through.count - 1]) {
      expect(sliceAtMm(frame, prone, sliceMm(frame, prone, slice))).toBe(slice);
    }
  });

  it("counts mm on the patient's own axis", () => {
    expect(sliceMm(frameOf("axial", supine), supine, 10)).toBe(-280);
    expect(sliceAtMm(frameOf("axial", supine), supine, 99_999)).toBe(153);
    expect(sliceAtMm(frameOf("axial", supine), supine, -99_999)).toBe(0);
  });
});
