import { queryOptions } from "@tanstack/react-query";
import { change, get, getVersioned } from "./http";
import type { ChosenPoint, ModelCard, Statistics } from "./model";

export const modelCardQuery = queryOptions({
  queryKey: ["model-card"],
  queryFn: ({ signal }) => get<ModelCard>("/api/model-card", { signal }),
  staleTime: 5 * 60_000,
});

export const operatingPointQuery = queryOptions({
  queryKey: ["operating-point"],
  queryFn: ({ signal }) => getVersioned<ChosenPoint>("/api/operating-point", { signal }),
});

export function choosePoint(name: string, etag: string | null): Promise<ChosenPoint> {
  return change("PUT", "/api/operating-point", { json: { name }, headers: etag ? { "If-Match": etag } : {} });
}

export function statisticsQuery(hours: number) {
  return queryOptions({
    queryKey: ["statistics", hours],
    queryFn: ({ signal }) => get<Statistics>("/api/statistics", { query: { hours }, signal }),
    refetchInterval: 15_000,
  });
}
