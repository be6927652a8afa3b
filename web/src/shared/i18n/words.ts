import { useTranslation } from "react-i18next";
import type { Candidate, ScanStatus, Verdict } from "@/shared/api/model";
import { Problem } from "@/shared/api/problem";
import { spoken } from ".";

/** The house's words for what the API names by codes; a code without words of its own is shown as it is. */
export interface Words {
  verdict: (verdict: Verdict) => string;
  status: (status: ScanStatus) => string;
  finding: (name: string) => string;
  stage: (name: string) => string;
  point: (name: string) => string;
  reason: (candidate: Candidate) => string;
  error: (code: string) => ErrorWords;
}

export interface ErrorWords {
  title: string;
  advice: string;
}

export function useWords(): Words {
  const { t } = useTranslation(["medicine", "errors"]);
  return wordsOf(t as unknown as Lookup);
}

/** i18next's typed `t` cannot know codes that come over the wire; this is the one place where they are looked up. */
type Lookup = (key: string, options: { defaultValue: string }) => string;

export function wordsOf(t: Lookup): Words {
  const medicine = (room: string, name: string, fallback = name) =>
    t(`medicine:${room}.${name}`, { defaultValue: fallback });
  return {
    verdict: (verdict) => medicine("verdicts", verdict),
    status: (status) => medicine("statuses", status),
    finding: (name) => medicine("findings", name),
    stage: (name) => medicine("stages", name),
    point: (name) => medicine("points", name),
    // The server's sentence is English and says more (which kernel, how many slices); the code has words in both.
    reason: (candidate) =>
      spoken() === "en" ? candidate.explanation : medicine("reasons", candidate.reason, candidate.explanation),
    error: (code) => ({
      title: t(`errors:${code}.title`, { defaultValue: t("errors:other.title", { defaultValue: code }) }),
      advice: t(`errors:${code}.advice`, { defaultValue: t("errors:other.advice", { defaultValue: "" }) }),
    }),
  };
}

/** Words for anything thrown: what happened and what to do. */
export function problemWords(error: unknown, words: Words): ErrorWords {
  return words.error(error instanceof Problem ? error.code : "internal_error");
}
