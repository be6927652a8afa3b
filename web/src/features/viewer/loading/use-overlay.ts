import { queryOptions, useQuery } from "@tanstack/react-query";
import { getBytes } from "@/shared/api/http";
import { Problem } from "@/shared/api/problem";
import { readVoxels } from "../volume/streaming";
import type { Voxels } from "../volume/voxels";

const BUDGET_BYTES = 64 * 2 ** 20; // a mask of every second voxel of 512 x 512 x 512 takes 16 MiB
const CACHED_MS = 60_000;
const RETRIES = 2;

export interface Overlay {
  readonly voxels: Voxels | null;
  readonly waiting: boolean;
  readonly problem: unknown;
  readonly retry: () => void;
}

/** A heatmap or the lung mask over the series, loaded when `path` is set; `of` is the version for the cache. */
export function useOverlay(path: string | null, of: string | null): Overlay {
  const { data, error, isFetching, refetch } = useQuery(overlayQuery(path, of));
  return { voxels: (path && data) || null, waiting: isFetching, problem: path && error, retry: () => void refetch() };
}

function overlayQuery(path: string | null, of: string | null) {
  return queryOptions({
    queryKey: ["grid", path, of],
    enabled: path !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: CACHED_MS,
    retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.passes,
    structuralSharing: false, // comparing millions of voxels would take longer than loading them
    queryFn: async ({ signal }) => {
      const response = await getBytes(path ?? "", { signal });
      return readVoxels(response, BUDGET_BYTES, () => undefined);
    },
  });
}
