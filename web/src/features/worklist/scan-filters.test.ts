import { describe, expect, it } from "vitest";
import { filtersOf, isFiltered } from "./scan-filters";

const NOW = new Date(2026, 10, 23, 15);

describe("askedOf", () => {
  it("asks for everything, the most suspicious first, unless told otherwise", () => {
    expect(filtersOf({}, NOW)).toEqual({ sort: "probability", q: null, from: null });
  });

  it("takes filters as the API has them", () => {
    const filters = filtersOf({ show: "work", sort: "newest", since: "today", q: " Ivanova " }, NOW);
    expect(filters).toMatchObject({ status: ["queued", "running"], sort: "newest", q: "Ivanova" });
    expect(new Date(filters.from ?? "")).toEqual(new Date(2026, 10, 23));
  });
});

it("knows whether anything is left out", () => {
  expect(isFiltered({ sort: "newest" })).toBe(false);
  for (const search of [{ show: "normal" }, { q: "a" }, { since: "week" }] as const)
    expect(isFiltered(search)).toBe(true);
});
