import { useTranslation } from "react-i18next";
import { NOT_DETERMINED } from "@/shared/api/findings";
import type { Candidate, ScanStatus, Verdict } from "@/shared/api/model";
import { Problem } from "@/shared/api/problem";
import { currentLanguage } from ".";

/** Texts for the API's codes; a code without a text is shown itself. */
export interface CodeTexts {
  verdict: (verdict: Verdict) => string;
  status: (status: ScanStatus) => string;
  finding: (name: string) => string;
  stage: (name: string) => string;
  point: (name: string) => string;
  reason: (candidate: Candidate) => string;
  error: (code: string) => ErrorText;
}

export interface ErrorText {
  title: string;
  advice: string;
}

export function useCodeTexts(): CodeTexts {
  const { t } = useTranslation(["medicine", "errors"]);
  return codeTextsOf(t as unknown as Lookup);
}

/** i18next's typed `t` does not know the codes of responses; they are looked up only here. */
type Lookup = (key: string, options: { defaultValue: string }) => string;

export function codeTextsOf(t: Lookup): CodeTexts {
  const medicine = (section: string, name: string, fallback = name) =>
    t(`medicine:${section}.${name}`, { defaultValue: fallback });
  return {
    verdict: (verdict) => medicine("verdicts", verdict),
    status: (status) => medicine("statuses", status),
    finding: (name) =>
      name === NOT_DETERMINED ? t("medicine:notDetermined", { defaultValue: name }) : medicine("findings", name),
    stage: (name) => medicine("stages", name),
    point: (name) => medicine("points", name),
    // The server's text is English and has details (kernel, number of slices); the code has a text in both languages.
    reason: (candidate) =>
      currentLanguage() === "en" ? candidate.explanation : medicine("reasons", candidate.reason, candidate.explanation),
    error: (code) => ({
      title: t(`errors:${code}.title`, { defaultValue: t("errors:other.title", { defaultValue: code }) }),
      advice: t(`errors:${code}.advice`, { defaultValue: t("errors:other.advice", { defaultValue: "" }) }),
    }),
  };
}

/** Title and advice for any error. */
export function problemText(error: unknown, words: CodeTexts): ErrorText {
  return words.error(error instanceof Problem ? error.code : "internal_error");
}
