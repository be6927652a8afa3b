/**
 * The resources of the gateway by the page's names. Types come from the OpenAPI description;
 * only the objects that it leaves open, the whole report and the model card, are typed here.
 */
import type { FeedbackResponse, OperatingPointResponse, PatientCreate, Report, Row, Scan as ScanShape } from "#schema";

export type {
  Agreement,
  Analysis,
  AnalysisState,
  FeedbackInput,
  Me,
  Patient,
  ScanCounts,
  ScanProgress,
  Statistics,
} from "#schema";
export type Scan = ScanShape;
export type ScanStatus = Scan["status"];
export type Verdict = NonNullable<Scan["verdict"]>;
/** The columns of a report row; null if a value is missing. */
export type ReportRow = Required<Omit<Row, "verdict" | "error" | "detail" | "notices">>;
export type Feedback = FeedbackResponse;
export type PatientInput = PatientCreate;
export type ChosenPoint = OperatingPointResponse;

export interface ScanReport extends Omit<Report, "studies"> {
  studies: StudyReport[];
}

/** The report of one study; the fields after `notice_codes` exist only if its slices were read. */
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
  coverage?: Coverage;
  evidence?: {
    classifier_p: number;
    reconstruction_r: number;
    /** Only where the 3D expert was asked about the study. */
    expert3d?: { p: number; slice: number; position_lps_mm: [number, number, number] };
    key_slice: SliceScore;
    slices: SliceScore[];
    localisation: object | null;
  };
  series?: Candidate[];
  warnings?: string[];
  provenance?: { turnstile: string; model_card: string; trained: boolean; file_hashes: Record<string, string> };
  timings_s?: Record<string, number>;
}

/** One of the 16. Reports of earlier versions have no status; without an assessment there are no numbers. */
export interface Finding {
  name: string;
  status?: "present" | "absent" | "not_assessed";
  score?: number | null;
  threshold?: number | null;
  slice?: number | null;
}

export type AssessedFinding = Finding & {
  status: "present" | "absent";
  score: number;
  threshold: number;
  slice: number;
};

export interface SliceScore {
  slice: number;
  sop_uid: string;
  score: number;
  classifier_p: number;
  reconstruction_r: number;
  /** Whether the slice also had the test-time views; older reports do not say. */
  test_time_views?: boolean;
}

/** What the study shows of the lungs; heights are in mm above the lowest slice. */
export interface Coverage {
  complete: boolean;
  height_mm: number;
  volume_ml: number;
  airless_share: number;
  widest_unseen_mm: number;
  blank_slices: number[];
  right: LungCoverage;
  left: LungCoverage;
  faults: { code: string; detail: string }[];
}

export interface LungCoverage {
  first_mm: number | null;
  last_mm: number | null;
  height_mm: number;
  volume_ml: number;
  airless: { kind: AirlessKind; from_mm: number; to_mm: number; ml: number }[];
}

export type AirlessKind = "band" | "below" | "above" | "step" | "behind" | "beside";

export interface Candidate {
  series_uid: string;
  slices: number;
  kernel: string;
  spacing_mm: number | null;
  chosen: boolean;
  reason: string;
  explanation: string;
}

/** A threshold with its figures; null if not measured. An interval counts only with `measured_on`. */
export interface OperatingPoint {
  name: string;
  threshold: number;
  sensitivity: number | null;
  specificity: number | null;
  sensitivity_ci?: [number, number] | null;
  specificity_ci?: [number, number] | null;
  rule_out_rate?: number | null;
  rule_out_rate_ci?: [number, number] | null;
  measured_on?: MeasuredOn | null;
}

/** The test studies of the figures, and the independent patients of each class. */
export interface MeasuredOn {
  studies: number;
  composed: boolean;
  data_sets: string[];
  patients_pathological: number;
  patients_normal: number;
}

export interface ModelCard {
  version: string;
  trained: boolean;
  foreign?: boolean;
  operating_point: string;
  operating_points: Record<string, CardPoint>;
  /** What these weights were measured to tell; cards of earlier versions do not say. */
  findings?: { assessed: Record<string, unknown> };
  /** All measured figures; `modelFiguresOf` reads those that the page shows. */
  figures?: unknown;
}

export type CardPoint = Pick<OperatingPoint, "threshold"> & Partial<Omit<OperatingPoint, "name" | "threshold">>;
