import { describe, expect, it } from "vitest";
import { frameOf } from "../geometry/planes";
import { seriesOf } from "../volume/test-volumes";
import { boxOf, evidenceOf } from "./evidence";
import { initialView } from "./initial-view";
import { KEYS } from "./keys";
import * as changes from "./state-changes";
import { initialState } from "./viewer-state";

const series = seriesOf([10, 20, 30]);
const axial = frameOf("axial", series);
const state = initialState([5, 10, 15]);

describe("scrolling", () => {
  it("goes towards the feet, the back and the left", () => {
    expect(changes.scrolled(axial, 1)(state).cursor).toEqual([5, 10, 14]);
    expect(changes.scrolled(frameOf("coronal", series), 1)(state).cursor).toEqual([5, 11, 15]);
    expect(changes.scrolled(frameOf("sagittal", series), 1)(state).cursor).toEqual([6, 10, 15]);
  });

  it("stops at the first and the last slice", () => {
    expect(changes.scrolled(axial, 99)(state).cursor[2]).toBe(0);
    expect(changes.scrolled(axial, -99)(state).cursor[2]).toBe(29);
  });
});

describe("what a reader chooses", () => {
  it("goes round the maps", () => {
    const seen = [state];
    for (let at = 0; at < 3; at += 1) seen.push(changes.nextHeatmap(seen.at(-1) ?? state));
    expect(seen.map(({ heatmap }) => heatmap)).toEqual([null, "activation", "error", null]);
  });

  it("keeps the opacity between a tenth and the whole", () => {
    expect(changes.opacityBy(9)(state).opacity).toBe(1);
    expect(changes.opacityBy(-9)(state).opacity).toBe(0.1);
    expect(changes.opacityBy(0.1)(state).opacity).toBe(0.6);
  });

  it("measures anew, changes what is being measured, and takes the last one away", () => {
    const one = { id: 1, plane: "axial", slice: 3, from: [0, 0], to: [1, 1] } as const;
    const longer = { ...one, to: [5, 5] } as const;
    const measured = changes.measured(longer)(changes.measured(one)(state));
    expect(measured.measurements).toEqual([longer]);
    expect(changes.withoutLastMeasurement(measured).measurements).toEqual([]);
  });

  it("holds the cursor within the series", () => {
    expect(changes.toVoxelOf(series, [-3, 4.6, 99])(state).cursor).toEqual([0, 5, 29]);
  });

  it("is left alone by a preset that does not exist", () => {
    expect(changes.preset(7)(state)).toBe(state);
  });

  it("has a key for every preset", () => {
    expect([1, 2, 3, 4, 5].every((digit) => `Digit${digit}` in KEYS)).toBe(true);
  });
});

describe("a report's evidence", () => {
  it("has the box of its localisation", () => {
    expect(boxOf("1,2,3,4,5,6")).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect([boxOf(null), boxOf(""), boxOf("1,2,3"), boxOf("a,b,c,d,e,f")]).toEqual([null, null, null, null]);
  });

  it("is nothing where the study was not analysed", () => {
    expect(evidenceOf(null)).toBeNull();
  });

  it("starts under the map of the network that decided", () => {
    const evidence = { keySlice: 7, scores: [], box: boxOf("1,2,3,4,5,6"), decisive: "error" } as const;
    expect(initialView(series, 7, evidence).heatmap).toBe("error");
  });

  it("starts without a map where there is no verdict to explain", () => {
    expect(initialView(series, 7, null)).toMatchObject({ cursor: [5, 10, 7], heatmap: null, layout: "axial" });
  });
});
