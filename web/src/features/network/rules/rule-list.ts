import type { RoutingRule } from "#schema";

/** The same rules with one replaced, or with one more at the end. */
export function withRule(rules: readonly RoutingRule[], index: number | null, rule: RoutingRule): RoutingRule[] {
  return index === null ? [...rules, rule] : rules.map((one, at) => (at === index ? rule : one));
}

export function without(rules: readonly RoutingRule[], index: number): RoutingRule[] {
  return rules.filter((_, at) => at !== index);
}

/** The rule one place up (-1) or down (1); the same order at the ends. */
export function moved(rules: readonly RoutingRule[], index: number, by: -1 | 1): RoutingRule[] {
  const rule = rules[index];
  const other = rules[index + by];
  if (!rule || !other) return [...rules];
  return rules.map((one, at) => (at === index ? other : at === index + by ? rule : one));
}

/** Whether it keeps every study that no earlier rule takes from being screened. */
export function stopsScreening({ enabled, action, conditions }: RoutingRule): boolean {
  const asks = Object.values(conditions).some((value) => (Array.isArray(value) ? value.length > 0 : value != null));
  return enabled && !action.screen && !asks;
}
