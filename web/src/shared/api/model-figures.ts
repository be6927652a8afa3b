import * as v from "valibot";
import type { MeasuredOn } from "./model";

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const point = v.object({ threshold: share, sensitivity: share, specificity: share });

/** Figures of the weights on test studies; the curve ascends by threshold. */
const figures = v.object({
  auc: share,
  auc_ci: v.tuple([share, share]),
  studies: v.number(),
  with_pathology: v.number(),
  patients: v.optional(v.object({ pathological: v.number(), normal: v.number() })),
  data: v.string(),
  curve: v.pipe(v.array(point), v.minLength(2)),
});

export type CurvePoint = v.InferOutput<typeof point>;
export type ModelFigures = v.InferOutput<typeof figures>;

/** The figures of a model card; null if they were not measured or have another format. */
export function modelFiguresOf(value: unknown): ModelFigures | null {
  const read = v.safeParse(figures, value);
  return read.success ? read.output : null;
}

type Interval = readonly [number, number];

/**
 * The interval of a proportion, null if it is not known: without the number of patients it is over composed studies,
 * which are too many, and without a width it is no interval.
 */
export function intervalOver(measuredOn: MeasuredOn | null | undefined, interval: Interval | null | undefined) {
  return measuredOn && interval && interval[0] < interval[1] ? interval : null;
}
