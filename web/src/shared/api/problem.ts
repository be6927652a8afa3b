/** A failed request: refused by the gateway, or the gateway was not reached. `code` is stable; `detail` is the server's text. */
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

  /** Whether the same call can succeed later without a change. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No response: the network or the gateway is down. */
export function unreachable(): Problem {
  return new Problem(0, "unreachable", "");
}

/** The problem of a response that is not 2xx; another body (a proxy's page) gets the code `http_<status>`. */
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
