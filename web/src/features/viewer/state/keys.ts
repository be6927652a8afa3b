import { zoomedAt } from "../geometry/camera";
import type { Frame } from "../geometry/planes";
import {
  camera,
  nextHeatmap,
  opacityBy,
  planesOf,
  preset,
  reset,
  scrolled,
  set,
  toggled,
  toSlice,
  withoutLastMeasurement,
} from "./state-changes";
import type { Viewing } from "./viewer-context";
import type { Change } from "./viewer-state";

const PAGE = 10;
const ZOOM_STEP = 1.25;

type Act = (viewing: Viewing, frame: Frame) => Change;

const always =
  (change: Change): Act =>
  () =>
    change;

/** The change of each key; `frame` is the shown plane, of three the axial one. Letters by their position on the keyboard. */
export const KEYS: Readonly<Record<string, Act>> = {
  ArrowDown: (_, frame) => scrolled(frame, 1),
  ArrowUp: (_, frame) => scrolled(frame, -1),
  PageDown: (_, frame) => scrolled(frame, PAGE),
  PageUp: (_, frame) => scrolled(frame, -PAGE),
  Home: (_, frame) => toSlice(frame, 0),
  End: (_, frame) => toSlice(frame, frame.through.count - 1),
  Digit1: always(preset(0)),
  Digit2: always(preset(1)),
  Digit3: always(preset(2)),
  Digit4: always(preset(3)),
  Digit5: always(preset(4)),
  KeyA: always(set({ layout: "axial" })),
  KeyC: always(set({ layout: "coronal" })),
  KeyS: always(set({ layout: "sagittal" })),
  KeyT: always(set({ layout: "three" })),
  KeyW: always(set({ tool: "window" })),
  KeyP: always(set({ tool: "pan" })),
  KeyZ: always(set({ tool: "zoom" })),
  KeyM: always(set({ tool: "measure" })),
  KeyX: always(set({ tool: "crosshair" })),
  KeyH: always(nextHeatmap),
  KeyL: always(toggled("lungs")),
  KeyK: ({ keySlice, frames }) => (keySlice === null ? (state) => state : toSlice(frames.axial, keySlice)),
  KeyR: always(reset),
  Minus: (_, frame) => zoom(frame, 1 / ZOOM_STEP),
  Equal: (_, frame) => zoom(frame, ZOOM_STEP),
  BracketLeft: always(opacityBy(-0.1)),
  BracketRight: always(opacityBy(0.1)),
  Backspace: always(withoutLastMeasurement),
  Delete: always(withoutLastMeasurement),
  Slash: always(toggled("help")),
  F1: always(toggled("help")),
};

const MOVING = new Set(["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"]);

/** The change of a key press; null if the key has no meaning here, or the focused control uses it. */
export function pressed(event: KeyboardEvent, viewing: Viewing): Change | null {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return null;
  if (MOVING.has(event.code) && walksItself(event.target)) return null;
  const [plane = "axial"] = planesOf(viewing.state.layout);
  return KEYS[event.code]?.(viewing, viewing.frames[plane]) ?? null;
}

function zoom(frame: Frame, factor: number): Change {
  const middle = { width: 0, height: 0 }; // around the middle of the pane
  return camera(frame.plane, (before) => zoomedAt(before, factor, [0, 0], middle));
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input[type=text], input[type=search], textarea, select");
}

/** Sliders, radio groups and menus use the arrow keys. */
function walksItself(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, [role=slider], [role=menuitem], [role=menu], [role=tab]")
  );
}
