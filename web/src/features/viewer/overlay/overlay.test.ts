import { describe, expect, it } from "vitest";
import { COLOUR_MAPS, gradient, heatTable, paintHeat, presence } from "./colour-maps";
import { outline } from "./outline";
import { scoreColour, shares } from "./score-colours";

const rgba = (word: number | undefined) => [...new Uint8Array(Uint32Array.of(word ?? 0).buffer)];

describe("a heatmap", () => {
  it.each(COLOUR_MAPS)("is clear where the network saw nothing, in %s too", (map) => {
    const table = heatTable(map, 1);
    expect(rgba(table[0])[3]).toBe(0);
    expect(rgba(table[255])[3]).toBe(255);
  });

  it("is never more opaque than it was asked to be", () => {
    expect(Math.max(...[...heatTable("inferno", 0.5)].map((word) => rgba(word)[3] ?? 0))).toBe(128);
  });

  it("grows with the value", () => {
    const steps = [0, 0.15, 0.3, 0.45, 0.6, 1].map(presence);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([steps[0], steps[1], steps[4]]).toEqual([0, 0, 1]);
  });

  it("has inferno's pale yellow at the top", () => {
    expect(rgba(heatTable("inferno", 1)[255])).toEqual([252, 255, 164, 255]);
    expect(gradient("inferno")).toContain("#fcffa4");
  });

  it("holds values beyond its range to its ends", () => {
    const table = heatTable("viridis", 1);
    const pixels = new Uint32Array(3);
    paintHeat(Float32Array.of(-1, 0.5, 7), table, pixels);
    expect([...pixels]).toEqual([table[0], table[128], table[255]]);
  });
});

describe("scores", () => {
  it("darken from pale yellow to red", () => {
    expect(scoreColour(0)).not.toBe(scoreColour(1));
  });

  it("have a height between 0 and 1, whatever they are", () => {
    expect(shares([-1, 0.25, Number.NaN])).toEqual([0, 0.25, 0]);
    expect(shares([1, 2, 4])).toEqual([0.25, 0.5, 1]);
    expect(shares([])).toEqual([]);
  });
});

describe("an outline", () => {
  it("goes around the mask between its pixels' middles", () => {
    const mask = new Float32Array(25);
    mask[12] = 1;
    const points =
      outline(mask, 5, 5)
        .match(/[\d.]+,[\d.]+/g)
        ?.map((point) => point.split(",").map(Number)) ?? [];
    expect(points.length).toBeGreaterThan(3);
    for (const [x = 0, y = 0] of points) expect(Math.abs(x - 2.5) + Math.abs(y - 2.5)).toBeCloseTo(0.5, 6);
  });

  it("is nothing where there is no lung", () => {
    expect(outline(new Float32Array(16), 4, 4)).toBe("");
  });
});
