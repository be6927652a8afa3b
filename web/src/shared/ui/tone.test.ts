import { describe, expect, it } from "vitest";
import { toneOf, toneOfProbability } from "./tone";

describe("toneOf", () => {
  it("shows the work while it lasts, even over an older verdict", () => {
    expect(toneOf("running", "normal")).toBe("work");
    expect(toneOf("queued", null)).toBe("work");
  });

  it("never reads normal without a verdict of normal", () => {
    expect(toneOf("failed", null)).toBe("missing");
    expect(toneOf("failed", "not_analysed")).toBe("missing");
    expect(toneOf("received", null)).toBe("quiet");
    expect(toneOf("cancelled", null)).toBe("quiet");
    expect(toneOf("done", null)).toBe("quiet");
    expect(toneOf("done", "normal")).toBe("normal");
  });
});

describe("toneOfProbability", () => {
  it("is pathology at the operating point and above it", () => {
    expect(toneOfProbability(0.44, 0.44)).toBe("pathology");
    expect(toneOfProbability(0.4399, 0.44)).toBe("normal");
  });

  it("is missing where there is no number, never normal", () => {
    for (const none of [null, undefined, Number.NaN]) expect(toneOfProbability(none, 0.44)).toBe("missing");
  });
});
