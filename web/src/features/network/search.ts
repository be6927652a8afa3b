import * as v from "valibot";

export const PARTS = ["today", "rules", "destinations"] as const;

/** The part of the page is in the URL, so a link and the back button show the same one. */
export const networkSearch = v.object({ part: v.optional(v.fallback(v.picklist(PARTS), "today")) });

export type NetworkSearch = v.InferOutput<typeof networkSearch>;
export type Part = (typeof PARTS)[number];
