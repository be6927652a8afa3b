import { describe, expect, it } from "vitest";
import type { RoutingRule } from "#schema";
import { ruleOf, valuesOf } from "./rule-form";
import { moved, stopsScreening, without, withRule } from "./rule-list";

const NOTHING = {
  source: [],
  sender: [],
  modality: [],
  body_part: [],
  study_description: [],
  series_description: [],
  station: [],
};

function rule(name: string, change: Partial<RoutingRule> = {}): RoutingRule {
  const action = { screen: true, urgent: false, destinations: null };
  return { name, enabled: true, conditions: NOTHING, action, ...change };
}

const names = (rules: readonly RoutingRule[]) => rules.map(({ name }) => name).join("");
const ABC = ["a", "b", "c"].map((name) => rule(name));

describe("the order of rules", () => {
  it("changes by one place, and not beyond the ends", () => {
    expect(names(moved(ABC, 2, -1))).toBe("acb");
    expect(names(moved(ABC, 0, 1))).toBe("bac");
    expect(names(moved(ABC, 0, -1))).toBe("abc");
    expect(names(moved(ABC, 2, 1))).toBe("abc");
  });

  it("stays when a rule is replaced, and a new one is the last", () => {
    expect(names(withRule(ABC, 1, rule("x")))).toBe("axc");
    expect(names(withRule(ABC, null, rule("x")))).toBe("abcx");
    expect(names(without(ABC, 0))).toBe("bc");
  });
});

describe("a rule that stops all screening", () => {
  const off = { action: { screen: false, urgent: false } };
  it("asks nothing and does not screen", () => {
    expect(stopsScreening(rule("a", off))).toBe(true);
    expect(stopsScreening(rule("a"))).toBe(false);
    expect(stopsScreening(rule("a", { ...off, enabled: false }))).toBe(false);
    expect(stopsScreening(rule("a", { ...off, conditions: { ...NOTHING, age_to: 0 } }))).toBe(false);
    expect(stopsScreening(rule("a", { ...off, conditions: { ...NOTHING, station: ["CT*"] } }))).toBe(false);
  });
});

describe("the form of a rule", () => {
  it.each([
    rule("defaults"),
    rule("nowhere", { action: { screen: true, urgent: true, destinations: [] } }),
    rule("named", { action: { screen: true, urgent: false, destinations: ["archive"] } }),
    rule("off", { enabled: false, action: { screen: false, urgent: false, destinations: null } }),
    rule("ages", { conditions: { ...NOTHING, sender: ["CT*"], age_from: 0, age_to: 17 } }),
  ])("keeps the rule as it is: $name", (one) => {
    const { age_from = null, age_to = null } = one.conditions;
    expect(ruleOf(valuesOf(one))).toEqual({ ...one, conditions: { ...one.conditions, age_from, age_to } });
  });
});
