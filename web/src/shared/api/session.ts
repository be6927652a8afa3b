import { queryOptions } from "@tanstack/react-query";
import { change, get, rememberCsrf } from "./http";
import type { Me } from "./model";
import { Problem } from "./problem";

export interface Ways {
  ways: ("oidc" | "token")[];
  oidc_name: string | null;
}

/** Who is asking; null when nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      const me = await get<Me>("/api/me", { signal });
      rememberCsrf(me.csrf ?? null);
      return me;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const waysQuery = queryOptions({
  queryKey: ["ways"],
  queryFn: ({ signal }) => get<Ways>("/auth/ways", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export function signInWithToken(token: string): Promise<void> {
  return change("POST", "/auth/token", { json: { token } });
}

export function signOut(): Promise<void> {
  return change("POST", "/auth/logout");
}

export function loginAddress(next: string): string {
  return `/auth/login?next=${encodeURIComponent(next)}`;
}
