import { expect, it } from "vitest";
import { shareDone } from "./progress";

it("grows from nothing to all, and never shows an end before there is one", () => {
  const at = (stage: string | null, slices_done: number, slices_total: number) =>
    shareDone({ stage, slices_done, slices_total });
  expect(shareDone(null)).toBe(0);
  expect(at(null, 0, 0)).toBe(0);
  const steps = [at("reading", 0, 0), at("networks", 4, 12), at("networks", 9, 12), at("report", 12, 12)];
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(steps.at(-1)).toBeLessThan(1);
});
