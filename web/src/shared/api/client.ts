import createClient from "openapi-fetch";
import type { paths } from "#schema";
import { reach } from "./http";

/** The gateway's calls by their paths, typed by its OpenAPI description: an unknown call does not compile. */
export const calls = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  fetch: reach,
  querySerializer: { array: { style: "form", explode: true } },
});

interface Answered<T> {
  data?: T;
  response: Response;
}

/** A body with its ETag, for If-Match. */
export interface Versioned<T> {
  body: T;
  etag: string | null;
}

/** The body of a successful call; a refused call has thrown a Problem before. */
export async function body<T>(answered: Promise<Answered<T>>): Promise<T> {
  return (await answered).data as T;
}

export async function versioned<T>(answered: Promise<Answered<T>>): Promise<Versioned<T>> {
  const { data, response } = await answered;
  return { body: data as T, etag: response.headers.get("ETag") };
}

/** The If-Match header of a change that must not overwrite another change. */
export function ifMatch(etag: string | null): { "if-match"?: string } {
  return etag === null ? {} : { "if-match": etag };
}
