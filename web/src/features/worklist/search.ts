import * as v from "valibot";

export const SHOWN = ["all", "pathology", "not_analysed", "normal", "work"] as const;
export const SORTS = ["probability", "newest"] as const;
export const SINCE = ["any", "today", "week", "month"] as const;

/** The worklist's filters live in the address, so that a link and the back button find the same list. */
export const worklistSearch = v.object({
  show: v.optional(v.fallback(v.picklist(SHOWN), "all")),
  sort: v.optional(v.fallback(v.picklist(SORTS), "probability")),
  since: v.optional(v.fallback(v.picklist(SINCE), "any")),
  q: v.optional(v.fallback(v.string(), "")),
});

export type WorklistSearch = v.InferOutput<typeof worklistSearch>;
export type Shown = (typeof SHOWN)[number];
export type Since = (typeof SINCE)[number];
