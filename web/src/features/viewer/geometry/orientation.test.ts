import { describe, expect, it } from "vitest";
import { letters, opposite } from "./orientation";

describe("letters", () => {
  it.each([
    [[1, 0, 0], "L"],
    [[-1, 0, 0], "R"],
    [[0, 1, 0], "P"],
    [[0, -1, 0], "A"],
    [[0, 0, 1], "S"],
    [[0, 0, -1], "I"],
  ] as const)("names the side that %j points to", (direction, side) => {
    expect(letters(direction)).toBe(side);
  });

  it("does not depend on the length of the way", () => {
    expect(letters([0, 0, -0.7])).toBe("I");
  });

  it("names two sides of an oblique way, the nearer first", () => {
    expect(letters([0.8, -0.6, 0])).toBe("LA");
    expect(letters([-0.6, 0, 0.8])).toBe("SR");
  });

  it("keeps to one letter for a patient who lies a little askew", () => {
    expect(letters([Math.cos(0.3), Math.sin(0.3), 0])).toBe("L");
  });

  it("has the other side opposite", () => {
    expect(letters(opposite([0, 0, 1]))).toBe("I");
  });
});
