import { describe, expect, it } from "vitest";
import { type DayWords, day, daysAgo, when } from "./dates";

const WORDS: DayWords = { today: (time) => `today ${time}`, yesterday: (time) => `yesterday ${time}` };
const NOW = new Date(2026, 10, 23, 0, 30);
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

describe("when", () => {
  it("counts days by the calendar, not by hours", () => {
    expect(when(at(2026, 10, 23, 0, 5), "en-GB", WORDS, NOW)).toBe("today 00:05");
    expect(when(at(2026, 10, 22, 23, 55), "en-GB", WORDS, NOW)).toBe("yesterday 23:55");
    expect(when(at(2026, 10, 21, 23, 59), "en-GB", WORDS, NOW)).toBe("21 Nov");
  });

  it("names the year only when it is another one", () => {
    expect(day(at(2025, 11, 31, 12, 0), "en-GB", NOW)).toBe("31 Dec 2025");
    expect(day(at(2026, 0, 1, 12, 0), "ru", NOW)).toBe("1 янв.");
  });
});

describe("daysAgo", () => {
  it("is the midnight that began the day", () => {
    expect(new Date(daysAgo(0, NOW))).toEqual(new Date(2026, 10, 23));
    expect(new Date(daysAgo(6, NOW))).toEqual(new Date(2026, 10, 17));
  });
});
