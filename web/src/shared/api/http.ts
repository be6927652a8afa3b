import { type Problem, problemOf, unreachable } from "./problem";

const SIGN_IN = "/auth/token"; // a token that is refused there ends no session

let onSignedOut: () => void = () => undefined;

/** Called whenever the gateway no longer knows who is asking. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Sends a request; raises Problem unless the answer is one of 2xx. */
export async function reach(request: Request): Promise<Response> {
  const response = await reached(request);
  if (response.ok) return response;
  const problem = problemOf(response.status, await response.text(), (name) => response.headers.get(name));
  throw request.url.endsWith(SIGN_IN) ? problem : noticed(problem);
}

/** An answer that is no JSON; its body is the caller's to read, as it comes. */
export function getBytes(path: string, { signal }: { signal?: AbortSignal } = {}): Promise<Response> {
  return reach(new Request(path, { credentials: "same-origin", signal: signal ?? null }));
}

export async function get<T>(path: string, options: { signal?: AbortSignal } = {}): Promise<T> {
  return (await getBytes(path, options)).json() as Promise<T>;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function address(path: string, query: Query = {}): string {
  const known = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** Tells the page when the session has ended; returns the problem itself. */
export function noticed(problem: Problem): Problem {
  if (problem.status === 401) onSignedOut();
  return problem;
}

async function reached(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}
