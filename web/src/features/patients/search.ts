import * as v from "valibot";

export const PATIENT_SORTS = ["newest", "name"] as const;

export const patientsSearch = v.object({
  q: v.optional(v.fallback(v.string(), "")),
  sort: v.optional(v.fallback(v.picklist(PATIENT_SORTS), "newest")),
  page: v.optional(v.fallback(v.pipe(v.number(), v.integer(), v.minValue(1)), 1)),
});

export type PatientsSearch = v.InferOutput<typeof patientsSearch>;
