import * as v from "valibot";

const proportion = v.number();
const interval = v.tuple([proportion, proportion]);
const side = v.object({
  calibration_error: v.object({ value: v.number(), low: v.number(), high: v.number() }),
  operating_point: v.object({
    name: v.string(),
    sensitivity: proportion,
    specificity: proportion,
    sensitivity_ci: interval,
    specificity_ci: interval,
  }),
});
const siteFigures = v.object({
  studies: v.number(),
  patients: v.object({ normal: v.number(), pathological: v.number() }),
  kept: v.boolean(),
  before: side,
  after: side,
});

export type SiteFigures = v.InferOutput<typeof siteFigures>;

/** The figures of a card that was calibrated on the site's own studies; null for the shipped card. */
export function siteFiguresOf(value: unknown): SiteFigures | null {
  const read = v.safeParse(siteFigures, value);
  return read.success ? read.output : null;
}
