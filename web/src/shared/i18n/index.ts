import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = ["en", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];

const STORED = "turnstile-language"; // boot.js reads it too, before the first paint
const words: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("./en"),
  ru: () => import("./ru"),
};

/** Runs before the first paint, so no page changes its language after it. */
export async function startLanguage(): Promise<i18n> {
  const language = document.documentElement.lang === "ru" ? "ru" : "en";
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: (await words[language]()).default as Record<string, object> },
    defaultNS: "common",
    fallbackLng: false, // both languages are complete, as a test checks
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  return i18next;
}

export async function setLanguage(language: Language): Promise<void> {
  const { default: namespaces } = await words[language]();
  for (const [name, bundle] of Object.entries(namespaces)) i18next.addResourceBundle(language, name, bundle);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  localStorage.setItem(STORED, language);
}

export function currentLanguage(): Language {
  return i18next.language === "ru" ? "ru" : "en";
}
