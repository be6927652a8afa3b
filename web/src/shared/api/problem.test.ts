import { describe, expect, it } from "vitest";
import { problemOf, unreachable } from "./problem";

const none = () => null;

describe("problemOf", () => {
  it("reads the gateway's own shape", () => {
    const body = JSON.stringify({ error: "engine_overloaded", detail: "busy", request_id: "5f0c" });
    const problem = problemOf(429, body, (name) => (name === "Retry-After" ? "7" : null));
    expect(problem).toMatchObject({
      status: 429,
      code: "engine_overloaded",
      detail: "busy",
      requestId: "5f0c",
      retryAfterS: 7,
    });
    expect(problem.passes).toBe(true);
  });

  it.each(["<html>502 Bad Gateway</html>", "", "null", "[]", '{"error": 7}'])("gives a code to %j", (body) => {
    expect(problemOf(502, body, none)).toMatchObject({ code: "http_502", detail: "", requestId: null });
  });

  it("tells what may pass later from what will not", () => {
    expect(unreachable().passes).toBe(true);
    expect(problemOf(404, "", none).passes).toBe(false);
    expect(problemOf(412, "", none).passes).toBe(false);
  });
});
