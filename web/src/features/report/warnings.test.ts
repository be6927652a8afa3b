import { expect, it } from "vitest";
import type { Coverage, LungCoverage } from "@/shared/api/model";
import { warningsBeside } from "./warnings";

const LUNG: LungCoverage = { first_mm: 10, last_mm: 250, height_mm: 240, volume_ml: 2400, airless: [] };
const COVERAGE: Coverage = {
  complete: false,
  height_mm: 240,
  volume_ml: 4800,
  airless_share: 0,
  widest_unseen_mm: 12,
  blank_slices: [],
  right: LUNG,
  left: LUNG,
  faults: [{ code: "view_gap_too_wide", detail: "The slices are too far apart." }],
};

it("leaves out what the coverage says already", () => {
  const warnings = ["Gantry tilt of 12 degrees.", "The slices are too far apart."];
  expect(warningsBeside({ warnings, coverage: COVERAGE })).toEqual(["Gantry tilt of 12 degrees."]);
});

it("keeps all warnings of a report without coverage", () => {
  expect(warningsBeside({ warnings: ["Duplicate slices."] })).toEqual(["Duplicate slices."]);
});
