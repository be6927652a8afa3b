import { useTranslation } from "react-i18next";
import type { RoutingRule, RuleConditions } from "#schema";
import { effectOf, TEXTS, targetOf } from "./rule-form";

type Part = readonly [name: string, value: string];

/** Conditions and actions of rules in words. */
export function useRuleTexts() {
  const { t } = useTranslation("network");
  const conditions = (asked: RuleConditions): Part[] => {
    const texts = TEXTS.filter((text) => asked[text].length > 0).map(
      (text): Part => [t(`conditions.${text}`), asked[text].join(t("or"))],
    );
    const sources = asked.source.map((source) => t(`sources.${source}`)).join(t("or"));
    const parts: Part[] = sources ? [[t("conditions.source"), sources], ...texts] : texts;
    const age = ageText(asked);
    return age ? [...parts, [t("conditions.age"), age]] : parts;
  };
  const ageText = ({ age_from: from, age_to: to }: RuleConditions): string | null => {
    if (from != null && to != null) return t("ages.between", { from: String(from), to: String(to) });
    if (from != null) return t("ages.from", { from: String(from) });
    return to != null ? t("ages.to", { to: String(to) }) : null;
  };
  const destinations = (names: readonly string[] | null | undefined): string => {
    const target = targetOf(names);
    return target === "named" ? (names ?? []).join(", ") : t(`targets.${target}`);
  };
  const effect = (action: RoutingRule["action"]): string => t(`effects.${effectOf(action)}`);
  return { conditions, destinations, effect };
}
