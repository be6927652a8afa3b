import { describe, expect, it } from "vitest";
import { fromScreen, panned, place, toScreen, WHOLE, zoomedAt } from "./camera";
import { frameOf } from "./planes";

const series = {
  uid: "1",
  shape: [100, 100, 50] as const,
  affine: {
    columns: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 4],
    ],
    origin: [0, 0, 0],
  } as const,
};
const size = { width: 400, height: 200 };

describe("a camera", () => {
  it("shows the whole slice in the middle of its pane", () => {
    expect(place(frameOf("axial", series), WHOLE, size)).toEqual({ scale: [2, 2], offset: [100, 0] });
  });

  it("keeps mm square where voxels are not", () => {
    expect(place(frameOf("coronal", series), WHOLE, size)).toEqual({ scale: [1, 4], offset: [150, 0] });
  });

  it("goes from pixels to the screen and back", () => {
    const placing = place(frameOf("coronal", series), { zoom: 3, pan: [5, -7] }, size);
    expect(fromScreen(placing, toScreen(placing, [12, 34]))).toEqual([12, 34]);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const frame = frameOf("axial", series);
    const before = { zoom: 1.5, pan: [20, 10] } as const;
    const at = [130, 60] as const;
    const pixel = fromScreen(place(frame, before, size), at);
    const [x, y] = toScreen(place(frame, zoomedAt(before, 2, at, size), size), pixel);
    expect(x).toBeCloseTo(at[0], 9);
    expect(y).toBeCloseTo(at[1], 9);
  });

  it("stops at both ends of its zoom", () => {
    expect(zoomedAt(WHOLE, 1000, [0, 0], size).zoom).toBe(20);
    expect(zoomedAt(WHOLE, 0.0001, [0, 0], size).zoom).toBe(0.5);
  });

  it("moves as far as the hand does", () => {
    expect(panned({ zoom: 4, pan: [1, 2] }, [10, -20])).toEqual({ zoom: 4, pan: [11, -18] });
  });
});
