import * as v from "valibot";

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const point = v.object({ threshold: share, sensitivity: share, specificity: share });

/** How the weights did on test studies; the curve ascends by its thresholds. */
const figures = v.object({
  auc: share,
  auc_ci: v.tuple([share, share]),
  studies: v.number(),
  with_pathology: v.number(),
  data: v.string(),
  curve: v.pipe(v.array(point), v.minLength(2)),
});

export type CurvePoint = v.InferOutput<typeof point>;
export type Figures = v.InferOutput<typeof figures>;

/** The figures of a model card; null when they were not measured, or are told in another way than the page reads. */
export function figuresOf(told: unknown): Figures | null {
  const read = v.safeParse(figures, told);
  return read.success ? read.output : null;
}
