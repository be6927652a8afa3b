import type { Analysis } from "@/shared/api/model";
import type { ScanFiles } from "./scan-files";

/** The step of an upload. `failed` has the scan if the upload itself succeeded, so a retry does not send it again. */
export type Step =
  | { at: "waiting" }
  | { at: "zipping"; share: number }
  | { at: "sending"; share: number }
  | { at: "requesting"; scanId: string }
  | { at: "analysing"; scanId: string; analysis: Analysis }
  | { at: "ended"; scanId: string; analysis: Analysis }
  | { at: "failed"; error: unknown; scanId: string | null }
  | { at: "stopped" };

export interface Upload {
  key: string;
  scanFiles: ScanFiles;
  patientId: string;
  description: string;
  urgent: boolean;
  step: Step;
}

export function isEnded({ step }: Upload): boolean {
  return step.at === "ended" || step.at === "failed" || step.at === "stopped";
}

export function isWorking({ step }: Upload): boolean {
  return step.at === "zipping" || step.at === "sending";
}
