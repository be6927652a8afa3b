import { describe, expect, it } from "vitest";
import { siteFiguresOf } from "./site-figures";

const SIDE = {
  auc: { value: 0.9, low: 0.8, high: 1 },
  calibration_error: { value: 0.04, low: 0.02, high: 0.1 },
  operating_point: {
    name: "high_sensitivity",
    threshold: 0.2,
    sensitivity: 0.97,
    specificity: 0.8,
    sensitivity_ci: [0.9, 1],
    specificity_ci: [0.7, 0.9],
  },
};
const SITE = { studies: 70, patients: { normal: 33, pathological: 37 }, kept: false, before: SIDE, after: SIDE };

describe("siteFiguresOf", () => {
  it("reads the figures of a calibrated card", () => {
    expect(siteFiguresOf(SITE)?.after.operating_point.sensitivity).toBe(0.97);
  });
  it("gives null for the shipped card and for an unknown format", () => {
    expect(siteFiguresOf(null)).toBeNull();
    expect(siteFiguresOf({ ...SITE, before: {} })).toBeNull();
  });
});
