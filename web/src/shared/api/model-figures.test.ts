import { expect, it } from "vitest";
import { intervalOver, modelFiguresOf } from "./model-figures";

const CURVE = [
  { threshold: 0.1, sensitivity: 1, specificity: 0.1 },
  { threshold: 0.9, sensitivity: 0.4, specificity: 1 },
];
const VALID = { auc: 0.87, auc_ci: [0.84, 0.9], studies: 400, with_pathology: 200, data: "words", curve: CURVE };

it("reads figures that are whole", () => {
  expect(modelFiguresOf(VALID)).toEqual(VALID);
  expect(modelFiguresOf({ ...VALID, slices: [] })?.auc).toBe(0.87);
});

it("has none where they are missing, cut or impossible", () => {
  for (const none of [
    undefined,
    null,
    {},
    { ...VALID, curve: [] },
    { ...VALID, auc_ci: [0.8] },
    { ...VALID, auc: 87 },
  ]) {
    expect(modelFiguresOf(none)).toBeNull();
  }
});

const STUDIES = {
  studies: 400,
  composed: true,
  data_sets: ["emphysema"],
  patients_pathological: 45,
  patients_normal: 22,
};

it("shows an interval only over a known number of patients", () => {
  expect(intervalOver(STUDIES, [0.85, 1])).toEqual([0.85, 1]);
  expect(intervalOver(undefined, [0.85, 1])).toBeNull();
  expect(intervalOver(null, [0.85, 1])).toBeNull();
});

it("shows no interval without a width", () => {
  expect(intervalOver(STUDIES, [1, 1])).toBeNull();
  expect(intervalOver(STUDIES, null)).toBeNull();
});
