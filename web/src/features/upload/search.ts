import * as v from "valibot";

export const uploadSearch = v.object({ patient: v.optional(v.fallback(v.string(), "")) });
