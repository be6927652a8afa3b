import { fromScreen, type Placing, panned, type Size, zoomedAt } from "../geometry/camera";
import { type Frame, type Point, sliceOf, toVoxel } from "../geometry/planes";
import { camera, measured, toVoxelOf } from "../state/state-changes";
import type { Viewing } from "../state/viewer-context";
import type { Tool } from "../state/viewer-state";
import { dragged } from "../window/windows";

/** A pane and its pressed pointers at one moment. */
export interface PointerState {
  readonly frame: Frame;
  readonly placing: Placing;
  readonly size: Size;
  readonly viewing: Viewing;
  readonly pointers: ReadonlyMap<number, Point>;
}

/** A drag from press to release; `by` is the distance since the last move. */
export interface Drag {
  move(at: Point, by: Point, held: PointerState): void;
  end?(at: Point, held: PointerState): void;
}

type Begin = (held: PointerState, at: Point) => Drag;

const CLICK_PX = 4; // smaller movements are a click
const ZOOM_A_PIXEL = 1.006;
const LEFT_BUTTON = 0;
const MIDDLE_BUTTON = 1;

/** The left button does what the chosen tool does, the middle one pans, the right one zooms; two fingers do both. */
export function begin(held: PointerState, button: number, at: Point, ctrl: boolean, shift: boolean): Drag {
  if (held.pointers.size > 1) return pinch(held, at);
  if (button === MIDDLE_BUTTON || shift) return TOOLS.pan(held, at);
  if (button !== LEFT_BUTTON || ctrl) return TOOLS.zoom(held, at);
  return TOOLS[held.viewing.state.tool](held, at);
}

const TOOLS: Record<Tool, Begin> = {
  window: (_, start) => ({
    move: (_at, by, { viewing }) => viewing.apply((state) => ({ ...state, window: dragged(state.window, by) })),
    end: (at, held) => clicked(start, at, held),
  }),
  pan: () => ({
    move: (_at, by, { frame, viewing }) => viewing.apply(camera(frame.plane, (before) => panned(before, by))),
  }),
  zoom: (_, start) => ({
    move: (_at, by, { frame, viewing, size }) =>
      viewing.apply(camera(frame.plane, (before) => zoomedAt(before, ZOOM_A_PIXEL ** -by[1], start, size))),
  }),
  measure: ({ placing, frame, viewing }, start) => {
    const id = Math.max(0, ...viewing.state.measurements.map((one) => one.id)) + 1;
    const slice = sliceOf(frame, viewing.state.cursor);
    const from = fromScreen(placing, start);
    return {
      move: (at, _by, held) => {
        if (far(start, at))
          viewing.apply(measured({ id, plane: frame.plane, slice, from, to: fromScreen(held.placing, at) }));
      },
    };
  },
  crosshair: (held, start) => {
    cross(start, held);
    return { move: (at, _by, present) => cross(at, present) };
  },
};

function pinch({ pointers }: PointerState, at: Point): Drag {
  let apart = spread(pointers, at);
  return {
    move: (now, by, { frame, viewing, size, pointers: fingers }) => {
      const next = spread(fingers, now);
      const factor = apart > 0 ? next / apart : 1;
      apart = next;
      const half: Point = [by[0] / 2, by[1] / 2]; // both fingers report the same movement
      viewing.apply(camera(frame.plane, (before) => panned(zoomedAt(before, factor, now, size), half)));
    },
  };
}

/** With three planes, a click without a drag moves all of them to that voxel. */
function clicked(start: Point, at: Point, held: PointerState): void {
  if (!far(start, at) && held.viewing.state.layout === "three") cross(at, held);
}

function cross(at: Point, { frame, placing, viewing }: PointerState): void {
  const voxel = toVoxel(frame, fromScreen(placing, at), sliceOf(frame, viewing.state.cursor));
  viewing.apply(toVoxelOf(viewing.series, voxel));
}

function far([x, y]: Point, [x1, y1]: Point): boolean {
  return Math.hypot(x1 - x, y1 - y) > CLICK_PX;
}

function spread(pointers: ReadonlyMap<number, Point>, fallback: Point): number {
  const [a = fallback, b = fallback] = [...pointers.values()];
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
