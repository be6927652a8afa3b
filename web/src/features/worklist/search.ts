import * as v from "valibot";

export const SHOWN = ["all", "pathology", "not_analysed", "normal", "work"] as const;
export const SORTS = ["probability", "newest"] as const;
export const SINCE = ["any", "today", "week", "month"] as const;

/** The worklist's filters are in the URL, so a link and the back button show the same list. */
export const worklistSearch = v.object({
  show: v.optional(v.fallback(v.picklist(SHOWN), "all")),
  sort: v.optional(v.fallback(v.picklist(SORTS), "probability")),
  since: v.optional(v.fallback(v.picklist(SINCE), "any")),
  q: v.optional(v.fallback(v.string(), "")),
});

export type WorklistSearch = v.InferOutput<typeof worklistSearch>;
export type ShowFilter = (typeof SHOWN)[number];
export type Since = (typeof SINCE)[number];
