import type { StudyReport } from "@/shared/api/model";

/** The warnings without those that the coverage says. */
export function warningsBeside({
  warnings = [],
  coverage,
}: Pick<StudyReport, "warnings" | "coverage">): readonly string[] {
  const said = new Set(coverage?.faults.map(({ detail }) => detail));
  return warnings.filter((warning) => !said.has(warning));
}
