import createClient from "openapi-fetch";
import type { paths } from "#schema";
import { reach } from "./http";

/** The gateway's calls by their paths, typed by its own description: a call that it has not does not compile. */
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

/** A body with the version that it was read in, for If-Match. */
export interface Versioned<T> {
  body: T;
  etag: string | null;
}

/** The body of a call that was answered; what was refused has been raised as Problem before. */
export async function body<T>(answered: Promise<Answered<T>>): Promise<T> {
  return (await answered).data as T;
}

export async function versioned<T>(answered: Promise<Answered<T>>): Promise<Versioned<T>> {
  const { data, response } = await answered;
  return { body: data as T, etag: response.headers.get("ETag") };
}

/** Header parameters of a change that must not overwrite another one. */
export function ifMatch(etag: string | null): { "if-match"?: string } {
  return etag === null ? {} : { "if-match": etag };
}
