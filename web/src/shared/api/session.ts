import { queryOptions } from "@tanstack/react-query";
import { body, calls } from "./client";
import type { Me } from "./model";
import { Problem } from "./problem";

/** The signed-in principal; null if nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await body(calls.GET("/api/me", { signal }));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const loginMethodsQuery = queryOptions({
  queryKey: ["ways"],
  queryFn: ({ signal }) => body(calls.GET("/auth/ways", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export async function signInWithToken(token: string): Promise<void> {
  await calls.POST("/auth/token", { body: { token } });
}

export async function signOut(): Promise<void> {
  await calls.POST("/auth/logout");
}

export function loginAddress(next: string): string {
  return `/auth/login?next=${encodeURIComponent(next)}`;
}
