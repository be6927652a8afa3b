/**
 * The resources of the gateway by the names that the house uses for them. Types come from its OpenAPI description;
 * only what that leaves open, the whole report of a study and the model card, is written here.
 */
import type { Chosen, Opinion, PatientCreate, Report, Row, Scan as ScanShape, ToSay } from "#schema";

export type {
  Analysis,
  AnalysisState,
  Me,
  Opinions as Agreement,
  Patient,
  ScanCounts,
  ScanProgress,
  Statistics,
} from "#schema";
export type Scan = ScanShape;
export type ScanStatus = Scan["status"];
export type Verdict = NonNullable<Scan["verdict"]>;
/** The contest's columns; null where a value is absent. */
export type ReportRow = Required<Omit<Row, "verdict" | "error" | "detail" | "notices">>;
export type Feedback = Opinion;
export type FeedbackInput = ToSay;
export type PatientInput = PatientCreate;
export type ChosenPoint = Chosen;

export interface ScanReport extends Omit<Report, "studies"> {
  studies: StudyReport[];
}

/** What is said of one study; everything after `notice_codes` is there only when it was analysed. */
export interface StudyReport {
  row: ReportRow;
  verdict: Verdict;
  error: { code: string; detail: string } | null;
  notices: string[];
  notice_codes: string[];
  probability?: number;
  score?: number;
  operating_point?: OperatingPoint;
  findings?: Finding[];
  evidence?: {
    classifier_p: number;
    reconstruction_r: number;
    key_slice: SliceScore;
    slices: SliceScore[];
    localisation: object | null;
  };
  series?: Candidate[];
  warnings?: string[];
  provenance?: { turnstile: string; model_card: string; trained: boolean; file_hashes: Record<string, string> };
  timings_s?: Record<string, number>;
}

export interface Finding {
  name: string;
  mean: number;
  highest: number;
  top_slices: number;
}

export interface SliceScore {
  slice: number;
  sop_uid: string;
  score: number;
  classifier_p: number;
  reconstruction_r: number;
}

export interface Candidate {
  series_uid: string;
  slices: number;
  kernel: string;
  spacing_mm: number | null;
  chosen: boolean;
  reason: string;
  explanation: string;
}

/** A threshold with its figures, which are null where nothing was measured. */
export interface OperatingPoint {
  name: string;
  threshold: number;
  sensitivity: number | null;
  specificity: number | null;
  sensitivity_ci?: [number, number] | null;
  specificity_ci?: [number, number] | null;
  rule_out_rate?: number | null;
}

export interface ModelCard {
  version: string;
  trained: boolean;
  foreign?: boolean;
  operating_point: string;
  operating_points: Record<string, CardPoint>;
  /** Whatever was measured; `modelFiguresOf` reads what the page shows of it. */
  figures?: unknown;
}

export type CardPoint = Pick<OperatingPoint, "threshold"> & Partial<Omit<OperatingPoint, "name" | "threshold">>;
