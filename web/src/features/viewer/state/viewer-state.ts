import type { Vec3 } from "../geometry/affine";
import { type Camera, WHOLE } from "../geometry/camera";
import type { Plane, Point } from "../geometry/planes";
import type { ColourMap } from "../overlay/colour-maps";
import { LUNG, type Window } from "../window/windows";

export const LAYOUTS = ["axial", "coronal", "sagittal", "three"] as const;
export type Layout = (typeof LAYOUTS)[number];

export const TOOLS = ["window", "pan", "zoom", "measure", "crosshair"] as const;
export type Tool = (typeof TOOLS)[number];

export const HEATMAPS = ["activation", "error"] as const;
export type Heatmap = (typeof HEATMAPS)[number];

export interface Measurement {
  readonly id: number;
  readonly plane: Plane;
  readonly slice: number;
  readonly from: Point; // pixels of the plane
  readonly to: Point;
}

/** The user's choices; loaded data are not part of it. */
export interface ViewerState {
  readonly layout: Layout;
  readonly tool: Tool;
  readonly window: Window;
  readonly cursor: Vec3; // the voxel that all planes go through
  readonly cameras: Readonly<Record<Plane, Camera>>;
  readonly crosshair: boolean;
  readonly heatmap: Heatmap | null;
  readonly opacity: number;
  readonly colours: ColourMap;
  readonly lungs: boolean;
  readonly measurements: readonly Measurement[];
  readonly help: boolean;
}

/** One change of the state. */
export type Change = (state: ViewerState) => ViewerState;

export const WHOLE_CAMERAS: Readonly<Record<Plane, Camera>> = { axial: WHOLE, coronal: WHOLE, sagittal: WHOLE };

export function initialState(cursor: Vec3): ViewerState {
  return {
    layout: "axial",
    tool: "window",
    window: LUNG,
    cursor,
    cameras: WHOLE_CAMERAS,
    crosshair: true,
    heatmap: null,
    opacity: 0.5,
    colours: "inferno",
    lungs: false,
    measurements: [],
    help: false,
  };
}

export function changed(state: ViewerState, change: Change): ViewerState {
  return change(state);
}
