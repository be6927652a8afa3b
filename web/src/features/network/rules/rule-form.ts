import type { RoutingRule, RuleConditions } from "#schema";

export const TEXTS = [
  "sender",
  "modality",
  "body_part",
  "study_description",
  "series_description",
  "station",
] as const satisfies (keyof RuleConditions)[];
export const SOURCES = ["dimse", "stow", "archive", "upload"] as const satisfies RuleConditions["source"];
export const EFFECTS = ["routine", "urgent", "unscreened"] as const;
export const TARGETS = ["default", "named", "nowhere"] as const;

export type Effect = (typeof EFFECTS)[number];
export type Target = (typeof TARGETS)[number];

/** A rule as the form holds it: each choice is one value. */
export interface RuleValues {
  name: string;
  enabled: boolean;
  source: RuleConditions["source"];
  texts: Record<(typeof TEXTS)[number], string[]>;
  age_from: number | "";
  age_to: number | "";
  effect: Effect;
  target: Target;
  destinations: string[];
}

export const NEW_RULE: RuleValues = {
  name: "",
  enabled: true,
  source: [],
  texts: { sender: [], modality: [], body_part: [], study_description: [], series_description: [], station: [] },
  age_from: "",
  age_to: "",
  effect: "routine",
  target: "default",
  destinations: [],
};

export function valuesOf({ name, enabled, conditions, action }: RoutingRule): RuleValues {
  const texts = Object.fromEntries(TEXTS.map((text) => [text, conditions[text]])) as RuleValues["texts"];
  return {
    name,
    enabled,
    source: conditions.source,
    texts,
    age_from: conditions.age_from ?? "",
    age_to: conditions.age_to ?? "",
    effect: effectOf(action),
    target: targetOf(action.destinations),
    destinations: action.destinations ?? [],
  };
}

export function ruleOf(values: RuleValues): RoutingRule {
  const screen = values.effect !== "unscreened";
  return {
    name: values.name.trim(),
    enabled: values.enabled,
    conditions: { ...values.texts, source: values.source, age_from: age(values.age_from), age_to: age(values.age_to) },
    action: {
      screen,
      urgent: values.effect === "urgent",
      destinations:
        !screen || values.target === "default" ? null : values.target === "nowhere" ? [] : values.destinations,
    },
  };
}

export function effectOf({ screen, urgent }: RoutingRule["action"]): Effect {
  if (!screen) return "unscreened";
  return urgent ? "urgent" : "routine";
}

export function targetOf(destinations: readonly string[] | null | undefined): Target {
  if (destinations == null) return "default";
  return destinations.length > 0 ? "named" : "nowhere";
}

function age(value: number | ""): number | null {
  return value === "" ? null : value;
}
