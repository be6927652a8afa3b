import { describe, expect, it } from "vitest";
import { ABSENT, bytes, decimal, percent, probability, seconds, span } from "./numbers";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

describe("numbers in words of the language", () => {
  it("writes a decimal as it is read", () => {
    expect(decimal(0.8123, "en-GB")).toBe("0.81");
    expect(decimal(0.8123, "ru")).toBe("0,81");
    expect(plain(decimal(10_000, "ru", 0))).toBe("10 000");
  });

  it("writes what is absent as a dash, never as a zero", () => {
    for (const none of [null, undefined, Number.NaN]) expect(decimal(none, "en-GB")).toBe(ABSENT);
    expect(percent(null, "ru")).toBe(ABSENT);
    expect(seconds(null, "en-GB")).toBe(ABSENT);
  });

  it("rounds no probability to certainty", () => {
    expect(probability(0.998, "en-GB")).toBe("> 0.99");
    expect(probability(0.004, "ru")).toBe("< 0,01");
    expect(probability(1, "en-GB")).toBe("> 0.99"); // told to six digits
    expect([0.01, 0.44, 0.99].map((value) => probability(value, "en-GB"))).toEqual(["0.01", "0.44", "0.99"]);
    expect(probability(null, "ru")).toBe(ABSENT);
  });

  it("knows shares, sizes and times", () => {
    expect(plain(percent(0.956, "ru"))).toBe("96 %");
    expect(bytes(25_200_000, "en-GB")).toBe("25.2 MB");
    expect(bytes(0, "en-GB")).toBe("0 byte");
    expect(seconds(1.376, "en-GB")).toBe("1.38s");
    expect(plain(seconds(61, "ru"))).toBe("61 с");
  });

  it("tells a wait in the largest unit that says it", () => {
    expect(span(60, "en-GB")).toMatch(/^60 /);
    expect(span(600, "en-GB")).toMatch(/^10 min/);
    expect(span(7200, "en-GB")).toMatch(/^2 h/);
  });
});
