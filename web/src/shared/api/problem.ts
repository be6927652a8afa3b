/** Every way in which the gateway, or the way to it, says no. `code` is stable; `detail` is the server's own words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(`${status} ${code}`);
    this.name = "Problem";
  }

  /** Whether the same call may pass later without anything else being changed. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No answer came: the network is down, or the gateway is. */
export function unreachable(): Problem {
  return new Problem(0, "unreachable", "");
}

/** The problem in an answer that is none of 2xx; a body that is no problem of ours (a proxy's page) still has a code. */
export function problemOf(status: number, body: string, header: (name: string) => string | null): Problem {
  const { error, detail, request_id } = parsed(body);
  const retryAfter = Number(header("Retry-After"));
  return new Problem(
    status,
    typeof error === "string" ? error : `http_${status}`,
    typeof detail === "string" ? detail : "",
    typeof request_id === "string" ? request_id : header("X-Request-ID"),
    retryAfter > 0 ? retryAfter : null,
  );
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
