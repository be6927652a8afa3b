import { queryOptions } from "@tanstack/react-query";
import { body, calls } from "./client";

const REFRESH_MS = 10_000;

/** Studies from the network since a time, newest first. */
export function incomingStudiesQuery(since: string, limit: number, offset: number) {
  return queryOptions({
    queryKey: ["incoming-studies", since, limit, offset],
    queryFn: ({ signal }) =>
      body(calls.GET("/api/incoming-studies", { params: { query: { from: since, limit, offset } }, signal })),
    refetchInterval: REFRESH_MS,
  });
}

/** Everybody who sent studies, with what came since a time. */
export function sendersQuery(since: string) {
  return queryOptions({
    queryKey: ["senders", since],
    queryFn: ({ signal }) => body(calls.GET("/api/senders", { params: { query: { from: since } }, signal })),
    refetchInterval: REFRESH_MS,
  });
}
