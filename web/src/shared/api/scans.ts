import { queryOptions } from "@tanstack/react-query";
import type { paths } from "#schema";
import { body, calls } from "./client";

type Query = NonNullable<paths["/api/scans"]["get"]["parameters"]["query"]>;
export type ScanFilters = Omit<Query, "limit" | "offset">;

export const scansKey = ["scans"] as const;

export function scansQuery(filters: ScanFilters, offset: number, limit: number) {
  return queryOptions({
    queryKey: [...scansKey, "list", filters, offset, limit],
    queryFn: ({ signal }) =>
      body(calls.GET("/api/scans", { params: { query: { ...filters, offset, limit } }, signal })),
  });
}

export function scanQuery(id: string) {
  return queryOptions({
    queryKey: [...scansKey, "one", id],
    queryFn: ({ signal }) => body(calls.GET("/api/scans/{scan_id}", { params: { path: { scan_id: id } }, signal })),
  });
}

export async function deleteScan(id: string): Promise<void> {
  await calls.DELETE("/api/scans/{scan_id}", { params: { path: { scan_id: id } } });
}

export const thumbnailAddress = (id: string): string => `/api/scans/${id}/thumbnail.png`;
export const originalAddress = (id: string): string => `/api/scans/${id}/file`;
export const heatmapAddress = (id: string, kind: "activation" | "error"): string =>
  `/api/scans/${id}/heatmap.nii.gz?kind=${kind}`;
