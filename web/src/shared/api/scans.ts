import { queryOptions } from "@tanstack/react-query";
import { change, get, remove } from "./http";
import type { Page, Scan, ScanStatus, Verdict } from "./model";

export interface ScansAsked {
  patient_id?: string | undefined;
  q?: string | undefined;
  status?: readonly ScanStatus[] | undefined;
  verdict?: readonly Verdict[] | undefined;
  from?: string | undefined;
  to?: string | undefined;
  sort?: "newest" | "probability" | undefined;
}

export const scansKey = ["scans"] as const;

export function scansQuery(asked: ScansAsked, offset: number, limit: number) {
  return queryOptions({
    queryKey: [...scansKey, "list", asked, offset, limit],
    queryFn: ({ signal }) => get<Page<Scan>>("/api/scans", { query: { ...asked, offset, limit }, signal }),
  });
}

export function scanQuery(id: string) {
  return queryOptions({
    queryKey: [...scansKey, "one", id],
    queryFn: ({ signal }) => get<Scan>(`/api/scans/${id}`, { signal }),
  });
}

export function describeScan(id: string, description: string): Promise<Scan> {
  return change("PUT", `/api/scans/${id}`, { json: { description } });
}

export function deleteScan(id: string): Promise<void> {
  return remove(`/api/scans/${id}`);
}

export const thumbnailAddress = (id: string): string => `/api/scans/${id}/thumbnail.png`;
export const originalAddress = (id: string): string => `/api/scans/${id}/file`;
export const heatmapAddress = (id: string, kind: "activation" | "error"): string =>
  `/api/scans/${id}/heatmap.nii.gz?kind=${kind}`;
