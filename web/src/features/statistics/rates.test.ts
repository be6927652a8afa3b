import { describe, expect, it } from "vitest";
import { outcomeOf, ratesAt } from "./rates";

const CURVE = [
  { threshold: 0.2, sensitivity: 1, specificity: 0.2 },
  { threshold: 0.4, sensitivity: 0.9, specificity: 0.6 },
  { threshold: 0.8, sensitivity: 0.5, specificity: 1 },
];

describe("ratesAt", () => {
  it("meets the points and lies between them", () => {
    expect(ratesAt(CURVE, 0.4)).toEqual({ sensitivity: 0.9, specificity: 0.6 });
    expect(ratesAt(CURVE, 0.6)?.sensitivity).toBeCloseTo(0.7);
    expect(ratesAt(CURVE, 0.6)?.specificity).toBeCloseTo(0.8);
  });

  it("stays at the ends outside of them, and has nothing to say of nothing", () => {
    expect(ratesAt(CURVE, 0.01)).toEqual({ sensitivity: 1, specificity: 0.2 });
    expect(ratesAt(CURVE, 0.99)).toEqual({ sensitivity: 0.5, specificity: 1 });
    expect(ratesAt([], 0.5)).toBeNull();
  });
});

describe("outcomeOf", () => {
  it("agrees with a count of 1,000 studies, 100 of them pathological", () => {
    // 90 of 100 found, 10 missed; 540 of 900 let through, 360 held for nothing.
    const outcome = outcomeOf({ sensitivity: 0.9, specificity: 0.6 }, 0.1);
    expect(outcome.missedPer1000).toBeCloseTo(10);
    expect(outcome.alarmsPer1000).toBeCloseTo(360);
    expect(outcome.ruleOut).toBeCloseTo(0.55);
    expect(outcome.predictive).toBeCloseTo(540 / 550);
  });

  it("gives no predictive value where nothing is let through", () => {
    expect(outcomeOf({ sensitivity: 1, specificity: 0 }, 0.3).predictive).toBeNull();
  });
});
