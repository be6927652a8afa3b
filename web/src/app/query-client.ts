import { QueryClient } from "@tanstack/react-query";
import { whenSignedOut } from "@/shared/api/http";
import { Problem } from "@/shared/api/problem";
import { meQuery } from "@/shared/api/session";

const RETRIES = 2;

/** Retries only failures that can succeed later. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.passes,
      staleTime: 5_000,
    },
    mutations: { retry: false },
  },
});

whenSignedOut(() => queryClient.setQueryData(meQuery.queryKey, null));
