import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const reportSearch = v.object({
  study: v.optional(v.fallback(count, 0)),
  slice: v.optional(v.fallback(v.nullable(count), null)),
});

export type ReportSearch = v.InferOutput<typeof reportSearch>;
