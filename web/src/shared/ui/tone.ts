import type { ScanStatus, Verdict } from "@/shared/api/model";

/** A colour by its meaning; always shown with an icon or a word. */
export type Tone = "pathology" | "normal" | "missing" | "work" | "quiet";

const OF_VERDICT: Record<Verdict, Tone> = { pathology: "pathology", normal: "normal", not_analysed: "missing" };

/** The tone of a worklist row: `work` during the analysis, then the tone of the verdict. */
export function toneOf(status: ScanStatus, verdict: Verdict | null): Tone {
  if (status === "queued" || status === "running") return "work";
  if (verdict !== null) return OF_VERDICT[verdict];
  return status === "failed" ? "missing" : "quiet";
}

export function toneOfVerdict(verdict: Verdict): Tone {
  return OF_VERDICT[verdict];
}

/** A probability against the operating point: `missing` when there is none, never `normal`. */
export function toneOfProbability(probability: number | null | undefined, threshold: number): Tone {
  if (probability === null || probability === undefined || Number.isNaN(probability)) return "missing";
  return probability < threshold ? "normal" : "pathology";
}

const COLOURS: Record<Tone, { ink: string; soft: string }> = {
  pathology: { ink: "var(--pathology)", soft: "var(--pathology-soft)" },
  normal: { ink: "var(--normal)", soft: "var(--normal-soft)" },
  missing: { ink: "var(--missing)", soft: "var(--missing-soft)" },
  work: { ink: "var(--accent)", soft: "var(--accent-soft)" },
  quiet: { ink: "var(--dim)", soft: "transparent" },
};

export function coloursOf(tone: Tone): { ink: string; soft: string } {
  return COLOURS[tone];
}
