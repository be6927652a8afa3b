import { address } from "@/shared/api/http";
import type { Heatmap } from "../state/viewer-state";
import type { Step } from "../volume/budget";

const HEATMAP_STEP = 4; // a cell of the networks' maps spans 8 pixels and more: nothing is lost
const LUNGS_STEP = 2;

/** Where the gateway serves what is looked at. */
export const seriesPath = (scanId: string): string => `/api/scans/${scanId}/series`;

export const slicePath = (scanId: string, slice: number): string =>
  address(`/api/scans/${scanId}/slices/${slice}`, { format: "raw" });

export const volumePath = (scanId: string, step: Step): string =>
  address(`/api/scans/${scanId}/volume.nii.gz`, { step });

export const heatmapPath = (scanId: string, kind: Heatmap): string =>
  address(`/api/scans/${scanId}/heatmap.nii.gz`, { kind, step: HEATMAP_STEP });

export const lungsPath = (scanId: string): string => address(`/api/scans/${scanId}/lungs.nii.gz`, { step: LUNGS_STEP });
