import { type Size, zoomedAt } from "../geometry/camera";
import type { Frame, Point } from "../geometry/planes";
import { camera, scrolled } from "../state/state-changes";
import type { Change } from "../state/viewer-state";

const FINE_PX = 50; // a touchpad sends many small steps, a mouse one of 100 or more
const ZOOM_A_PIXEL = 1.0015;

let rest = 0;

/** A wheel event: next or previous slice, or with Ctrl (pinch on a touchpad) zoom around the pointer. */
export function wheelChange(event: WheelEvent, at: Point, frame: Frame, size: Size): Change | null {
  if (event.ctrlKey) {
    return camera(frame.plane, (before) => zoomedAt(before, ZOOM_A_PIXEL ** -event.deltaY, at, size));
  }
  const slices = whole(event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * FINE_PX);
  return slices === 0 ? null : scrolled(frame, slices);
}

function whole(px: number): number {
  if (Math.abs(px) >= FINE_PX) {
    rest = 0;
    return Math.sign(px);
  }
  rest += px;
  const slices = Math.trunc(rest / FINE_PX);
  rest -= slices * FINE_PX;
  return slices;
}
