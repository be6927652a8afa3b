import { queryOptions } from "@tanstack/react-query";
import type { RoutingRule, RoutingRules, TriedStudies } from "#schema";
import { body, calls, ifMatch, type Versioned, versioned } from "./client";

export const routingRulesQuery = queryOptions({
  queryKey: ["routing-rules"],
  queryFn: ({ signal }): Promise<Versioned<RoutingRules>> => versioned(calls.GET("/api/routing-rules", { signal })),
});

/** Throws `precondition_failed` if the rules were changed since `etag` was read. */
export function putRules(rules: readonly RoutingRule[], etag: string | null): Promise<RoutingRules> {
  return body(calls.PUT("/api/routing-rules", { params: { header: ifMatch(etag) }, body: { rules: [...rules] } }));
}

/** What the rules would do with the last studies; nothing is changed. */
export function tryRules(rules: readonly RoutingRule[], studies: number): Promise<TriedStudies> {
  return body(calls.POST("/api/routing-rules/try", { body: { rules: [...rules], studies } }));
}
