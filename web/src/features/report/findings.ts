import type { AssessedFinding, Finding, Verdict } from "@/shared/api/model";

/** The findings that the weights of the report can tell, in the report's order: present ones first. */
export function assessedOf(findings: readonly Finding[]): AssessedFinding[] {
  return findings.filter(
    (finding): finding is AssessedFinding => finding.status === "present" || finding.status === "absent",
  );
}

/** Whether the report was made before findings were assessed: its numbers were guesses. */
export function isOlder(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status === undefined);
}

export type Statement = "older" | "noneAssessed" | "notDetermined" | "normal" | "normalPresent";

/** What is to be said beside the list; null where the list says it all. */
export function statementOf(findings: readonly Finding[], verdict: Verdict): Statement | null {
  if (isOlder(findings)) return "older";
  const assessed = assessedOf(findings);
  const present = assessed.some(({ status }) => status === "present");
  if (verdict === "normal") return present ? "normalPresent" : "normal";
  if (present) return null;
  return assessed.length > 0 ? "notDetermined" : "noneAssessed";
}
