import type { Analysis } from "@/shared/api/model";
import type { Parcel } from "./gather";

/** Where an upload is. `failed` knows the scan when the upload itself went well, so that a retry sends nothing twice. */
export type Step =
  | { at: "waiting" }
  | { at: "packing"; share: number }
  | { at: "sending"; share: number }
  | { at: "asking"; scanId: string }
  | { at: "analysing"; scanId: string; analysis: Analysis }
  | { at: "ended"; scanId: string; analysis: Analysis }
  | { at: "failed"; error: unknown; scanId: string | null }
  | { at: "stopped" };

export interface Upload {
  key: string;
  parcel: Parcel;
  patientId: string;
  description: string;
  urgent: boolean;
  step: Step;
}

export function isOver({ step }: Upload): boolean {
  return step.at === "ended" || step.at === "failed" || step.at === "stopped";
}

export function isWorking({ step }: Upload): boolean {
  return step.at === "packing" || step.at === "sending";
}
