import type { Vec3 } from "../geometry/affine";
import type { Camera } from "../geometry/camera";
import { type Frame, PLANES, type Plane, sliceOf, toPixel, toVoxel } from "../geometry/planes";
import type { Series } from "../geometry/series";
import { PRESETS } from "../window/windows";
import { type Change, HEATMAPS, type Measurement, type ViewerState, WHOLE_CAMERAS } from "./viewer-state";

/** Sets these values. */
export function set(values: Partial<ViewerState>): Change {
  return (state) => ({ ...state, ...values });
}

export function toggled(name: "crosshair" | "lungs" | "help"): Change {
  return (state) => ({ ...state, [name]: !state[name] });
}

/** The n-th preset, counted from 0; one that does not exist changes nothing. */
export function preset(at: number): Change {
  const chosen = PRESETS[at];
  return (state) => (chosen ? { ...state, window: { center: chosen.center, width: chosen.width } } : state);
}

/** Another slice of a plane; the cursor keeps its position within the slice. */
export function toSlice(frame: Frame, slice: number): Change {
  const held = Math.min(frame.through.count - 1, Math.max(0, Math.round(slice)));
  return (state) => ({ ...state, cursor: toVoxel(frame, toPixel(frame, state.cursor), held) });
}

/** Scrolls by `onward` slices: towards the feet, posterior, or the patient's left. */
export function scrolled(frame: Frame, onward: number): Change {
  const sign = frame.plane === "axial" ? -1 : 1;
  return (state) => toSlice(frame, sliceOf(frame, state.cursor) + sign * onward)(state);
}

export function toVoxelOf(series: Series, voxel: Vec3): Change {
  const held = voxel.map((at, axis) => Math.min((series.shape[axis] ?? 1) - 1, Math.max(0, Math.round(at))));
  return set({ cursor: held as unknown as Vec3 });
}

export function camera(plane: Plane, change: (camera: Camera) => Camera): Change {
  return (state) => ({ ...state, cameras: { ...state.cameras, [plane]: change(state.cameras[plane]) } });
}

/** Resets zoom, pan and window. */
export const reset: Change = (state) => preset(0)({ ...state, cameras: WHOLE_CAMERAS });

/** The heatmap, then the error map, then none. */
export const nextHeatmap: Change = (state) => {
  const at = state.heatmap === null ? 0 : HEATMAPS.indexOf(state.heatmap) + 1;
  return { ...state, heatmap: HEATMAPS[at] ?? null };
};

export function opacityBy(step: number): Change {
  return (state) => ({ ...state, opacity: Math.round(Math.min(1, Math.max(0.1, state.opacity + step)) * 100) / 100 });
}

/** A new measurement, or the present shape of the one with the same id. */
export function measured(one: Measurement): Change {
  return (state) => ({ ...state, measurements: [...state.measurements.filter(({ id }) => id !== one.id), one] });
}

export const withoutLastMeasurement: Change = (state) => ({ ...state, measurements: state.measurements.slice(0, -1) });

/** One plane alone, or back to all three. */
export function enlarged(plane: Plane): Change {
  return (state) => ({ ...state, layout: state.layout === "three" ? plane : "three" });
}

export function planesOf(layout: ViewerState["layout"]): readonly Plane[] {
  return layout === "three" ? PLANES : [layout];
}
