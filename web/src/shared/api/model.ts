/** The resources of the gateway's API, by the names that the house uses for them. */

export type Verdict = "normal" | "pathology" | "not_analysed";
export type ScanStatus = "received" | "queued" | "running" | "done" | "failed" | "cancelled";
export type AnalysisState = Exclude<ScanStatus, "received">;
export type Role = "radiologist" | "researcher" | "admin";

export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
}

export interface PatientInput {
  first_name: string;
  last_name: string;
  description: string;
}

export interface Patient extends PatientInput {
  id: string;
  created_at: string;
  updated_at: string;
  scans?: number;
  last_verdict?: Verdict | null;
}

export interface Progress {
  stage: string | null;
  slices_done: number;
  slices_total: number;
  queue_position?: number | null;
}

export interface Scan {
  id: string;
  patient_id: string;
  patient: { first_name: string; last_name: string };
  description: string;
  file_name: string;
  file_size: number;
  sha256: string;
  study_uid: string | null;
  status: ScanStatus;
  urgent: boolean;
  verdict: Verdict | null;
  probability_of_pathology: number | null;
  most_dangerous_pathology_type: string | null;
  error: string | null;
  analysis_id: string | null;
  progress?: Progress | null;
  created_at: string;
  updated_at: string;
}

export interface Analysis extends Progress {
  id: string;
  scan_id: string;
  state: AnalysisState;
  urgent: boolean;
  attempt: number;
  model_card: string | null;
  error: string | null;
  detail: string | null;
  queued_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface OperatingPoint {
  name: string;
  threshold: number;
  sensitivity: number | null;
  specificity: number | null;
  sensitivity_ci?: [number, number] | null;
  specificity_ci?: [number, number] | null;
  rule_out_rate?: number | null;
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

export interface ReportRow {
  path_to_study: string;
  study_uid: string | null;
  series_uid: string | null;
  probability_of_pathology: number | null;
  pathology: 0 | 1 | null;
  processing_status: "Success" | "Failure";
  time_of_processing: number;
  most_dangerous_pathology_type: string | null;
  pathology_localization: string | null;
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

export interface ScanReport {
  id: string;
  analysis_id: string;
  version: number;
  model_card: string | null;
  created_at: string;
  rows: ReportRow[];
  summary: { has_pathology_any: boolean };
  studies: StudyReport[];
}

export interface FeedbackInput {
  agrees: boolean;
  finding?: string;
  comment?: string;
}

export interface Feedback {
  agrees: boolean;
  finding: string | null;
  comment: string;
  report_version: number;
  created_at: string;
}

export interface Me {
  name: string;
  role: Role;
  scopes: string[];
  institution: string;
  sign_in: "local" | "oidc" | "token";
  csrf?: string | null;
}

export interface CurvePoint {
  threshold: number;
  sensitivity: number;
  specificity: number;
}

export interface Figures {
  auc: number;
  auc_ci: [number, number];
  studies: number;
  with_pathology: number;
  data: string;
  curve: CurvePoint[];
}

export interface ModelCard {
  version: string;
  trained: boolean;
  foreign?: boolean;
  operating_point: string;
  operating_points: Record<string, Omit<OperatingPoint, "name">>;
  figures?: Figures | null;
}

export interface ChosenPoint {
  name: string;
  threshold: number;
  model_card: string;
  version: number;
  updated_at: string | null;
  updated_by: string | null;
}

export interface Agreement {
  agree: number;
  disagree: number;
}

export interface Statistics {
  since: string;
  analysed: number;
  failed: number;
  cancelled: number;
  verdicts: Record<Verdict, number>;
  per_hour: { hour: string; analysed: number; failed: number }[];
  queue: { queued: number; running: number; oldest_queued_at: string | null };
  seconds: { p50: number; p95: number } | null;
  stages: { stage: string; p50: number; p95: number }[];
  rule_out_rate: number | null;
  agreement: Agreement & { by_verdict: Record<Verdict, Agreement> };
  totals: { patients: number; scans: number };
}
