import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { currentLanguage, type Language } from "@/shared/i18n";
import { clock, type DayWords, day, exact, when } from "./dates";
import { bytes, decimal, percent, probability, seconds, span, whole } from "./numbers";

// British dates and a day of 24 hours: an American date would be misread in most hospitals.
const LOCALES: Record<Language, string> = { en: "en-GB", ru: "ru" };

/** Formats numbers and dates in the current language. */
export function useFormat() {
  const { t } = useTranslation();
  const language = LOCALES[currentLanguage()];
  return useMemo(() => {
    const words: DayWords = {
      today: (time) => t("time.today", { time }),
      yesterday: (time) => t("time.yesterday", { time }),
    };
    return {
      bytes: (count: number) => bytes(count, language),
      probability: (value: number | null | undefined) => probability(value, language),
      decimal: (value: number | null | undefined, digits = 2) => decimal(value, language, digits),
      whole: (value: number | null | undefined) => whole(value, language),
      percent: (share: number | null | undefined, digits = 0) => percent(share, language, digits),
      seconds: (value: number | null | undefined) => seconds(value, language),
      span: (value: number) => span(value, language),
      clock: (iso: string) => clock(iso, language),
      day: (iso: string) => day(iso, language),
      exact: (iso: string) => exact(iso, language),
      when: (iso: string) => when(iso, language, words),
    };
  }, [language, t]);
}
