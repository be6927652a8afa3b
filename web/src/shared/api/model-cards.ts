import { queryOptions } from "@tanstack/react-query";
import { body, calls, ifMatch, versioned } from "./client";

export const modelCardsQuery = queryOptions({
  queryKey: ["model-cards"],
  queryFn: ({ signal }) => versioned(calls.GET("/api/model-cards", { signal })),
});

/** Throws `precondition_failed` if another card was put in force since `etag` was read. */
export function putInForce(version: string, etag: string | null): Promise<unknown> {
  return body(calls.PUT("/api/model-card", { params: { header: ifMatch(etag) }, body: { version } }));
}
