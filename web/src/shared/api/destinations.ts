import { queryOptions } from "@tanstack/react-query";
import type { Delivery, DeliveryState, Destination, DestinationSettings, EchoResult } from "#schema";
import { body, calls } from "./client";

const REFRESH_MS = 10_000;

export const destinationsKey = ["destinations"] as const;
export const deliveriesKey = ["deliveries"] as const;

export const destinationsQuery = queryOptions({
  queryKey: destinationsKey,
  queryFn: ({ signal }) => body(calls.GET("/api/destinations", { signal })),
  refetchInterval: REFRESH_MS,
});

export interface DeliveryFilter {
  destination: string | null;
  state: DeliveryState | null;
}

/** Deliveries of results, newest first. */
export function deliveriesQuery({ destination, state }: DeliveryFilter, limit: number, offset: number) {
  const query = { ...(destination !== null && { destination }), ...(state !== null && { state }), limit, offset };
  return queryOptions({
    queryKey: [...deliveriesKey, query],
    queryFn: ({ signal }) => body(calls.GET("/api/deliveries", { params: { query }, signal })),
    refetchInterval: REFRESH_MS,
  });
}

export function createDestination(settings: DestinationSettings): Promise<Destination> {
  return body(calls.POST("/api/destinations", { body: settings }));
}

export function changeDestination(id: string, settings: DestinationSettings): Promise<Destination> {
  return body(
    calls.PUT("/api/destinations/{destination_id}", { params: { path: { destination_id: id } }, body: settings }),
  );
}

export async function deleteDestination(id: string): Promise<void> {
  await calls.DELETE("/api/destinations/{destination_id}", { params: { path: { destination_id: id } } });
}

/** Asks the destination whether it answers; no result is sent. */
export function testDestination(id: string): Promise<EchoResult> {
  return body(calls.POST("/api/destinations/{destination_id}/echo", { params: { path: { destination_id: id } } }));
}

export function sendAgain(id: string): Promise<Delivery> {
  return body(calls.POST("/api/deliveries/{delivery_id}/send-again", { params: { path: { delivery_id: id } } }));
}
