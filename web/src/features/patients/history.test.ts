import { expect, it } from "vitest";
import { places } from "./history";

const scan = (created_at: string) => ({ created_at });

it("places scans by their time", () => {
  const scans = [scan("2026-01-01T00:00:00Z"), scan("2026-01-02T00:00:00Z"), scan("2026-01-05T00:00:00Z")];
  expect(places(scans, 10, 50).map(({ x }) => x)).toEqual([10, 20, 50]);
});

it("places scans of one moment in the middle", () => {
  expect(places([scan("2026-01-01T00:00:00Z")], 0, 100).map(({ x }) => x)).toEqual([50]);
  expect(places([], 0, 100)).toEqual([]);
});
