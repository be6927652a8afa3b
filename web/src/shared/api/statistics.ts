import { queryOptions } from "@tanstack/react-query";
import { body, calls, ifMatch, versioned } from "./client";
import type { ChosenPoint, ModelCard } from "./model";

export const modelCardQuery = queryOptions({
  queryKey: ["model-card"],
  queryFn: ({ signal }) => body(calls.GET("/api/model-card", { signal })) as Promise<unknown> as Promise<ModelCard>,
  staleTime: 5 * 60_000,
});

export const operatingPointQuery = queryOptions({
  queryKey: ["operating-point"],
  queryFn: ({ signal }) => versioned(calls.GET("/api/operating-point", { signal })),
});

/** Throws `precondition_failed` if the point was changed since `etag` was read. */
export function choosePoint(name: string, modelCard: string, etag: string | null): Promise<ChosenPoint> {
  const params = { header: ifMatch(etag) };
  return body(calls.PUT("/api/operating-point", { params, body: { name, model_card: modelCard } }));
}

export function statisticsQuery(hours: number) {
  return queryOptions({
    queryKey: ["statistics", hours],
    queryFn: ({ signal }) => body(calls.GET("/api/statistics", { params: { query: { hours } }, signal })),
    refetchInterval: 15_000,
  });
}
