import { type Problem, problemOf, unreachable } from "./problem";

const SIGN_IN = "/auth/token"; // a refused token there does not end the session

let onSignedOut: () => void = () => undefined;

/** Registers a listener for the end of the session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Sends a request; throws Problem unless the response is 2xx. */
export async function reach(request: Request): Promise<Response> {
  const response = await reached(request);
  if (response.ok) return response;
  const problem = problemOf(response.status, await response.text(), (name) => response.headers.get(name));
  throw request.url.endsWith(SIGN_IN) ? problem : reportSignOut(problem);
}

/** A response with a body that the caller reads. */
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

/** Calls the sign-out listener on 401; returns the same problem. */
export function reportSignOut(problem: Problem): Problem {
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
