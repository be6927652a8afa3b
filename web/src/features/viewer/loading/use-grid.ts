import { queryOptions, useQuery } from "@tanstack/react-query";
import { getBytes } from "@/shared/api/http";
import { Problem } from "@/shared/api/problem";
import { readVoxels } from "../volume/streaming";
import type { Voxels } from "../volume/voxels";

const BUDGET_BYTES = 64 * 2 ** 20; // a mask of every second voxel of 512 x 512 x 512 takes 16 MiB
const KEPT_MS = 60_000;
const RETRIES = 2;

export interface Grid {
  readonly voxels: Voxels | null;
  readonly waiting: boolean;
  readonly problem: unknown;
  readonly retry: () => void;
}

/** A grid that lies over the series: a heatmap or the lungs; loaded once somebody asks for it. `of` tells versions apart. */
export function useGrid(path: string | null, of: string | null): Grid {
  const { data, error, isFetching, refetch } = useQuery(gridQuery(path, of));
  return { voxels: (path && data) || null, waiting: isFetching, problem: path && error, retry: () => void refetch() };
}

function gridQuery(path: string | null, of: string | null) {
  return queryOptions({
    queryKey: ["grid", path, of],
    enabled: path !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.passes,
    structuralSharing: false, // comparing millions of voxels would take longer than loading them
    queryFn: async ({ signal }) => {
      const response = await getBytes(path ?? "", { signal });
      return readVoxels(response, BUDGET_BYTES, () => undefined);
    },
  });
}
