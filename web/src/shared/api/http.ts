import { type Problem, problemOf, unreachable } from "./problem";

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

export interface Options {
  query?: Query;
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** A body with the version that it was read in, for If-Match. */
export interface Versioned<T> {
  body: T;
  etag: string | null;
}

let csrf: string | null = null;
let onSignedOut: () => void = () => undefined;

/** The token that goes with every change while a session's cookie says who is asking. */
export function rememberCsrf(token: string | null): void {
  csrf = token;
}

export function csrfHeaders(): Record<string, string> {
  return csrf === null ? {} : { "X-CSRF-Token": csrf };
}

/** Called whenever the gateway no longer knows who is asking. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export async function get<T>(path: string, options: Options = {}): Promise<T> {
  return (await send("GET", path, options)).json() as Promise<T>;
}

/** An answer that is no JSON; its body is the caller's to read, as it comes. */
export function getBytes(path: string, options: Options = {}): Promise<Response> {
  return send("GET", path, options);
}

export async function getVersioned<T>(path: string, options: Options = {}): Promise<Versioned<T>> {
  const response = await send("GET", path, options);
  return { body: (await response.json()) as T, etag: response.headers.get("ETag") };
}

export async function change<T>(method: "POST" | "PUT", path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function remove(path: string, options: Options = {}): Promise<void> {
  await send("DELETE", path, options);
}

export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

async function send(method: string, path: string, options: Options): Promise<Response> {
  const response = await reached(address(path, options.query), {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      ...(options.json === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : csrfHeaders()),
      ...options.headers,
    },
    body: options.json === undefined ? null : JSON.stringify(options.json),
    signal: options.signal ?? null,
  });
  if (response.ok) return response;
  throw noticed(problemOf(response.status, await response.text(), (name) => response.headers.get(name)));
}

async function reached(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

/** Tells the page when the session has ended; returns the problem itself. */
export function noticed(problem: Problem): Problem {
  if (problem.status === 401 && problem.code !== "invalid_token") onSignedOut();
  return problem;
}
