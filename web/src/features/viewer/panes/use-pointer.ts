import { type RefObject, useEffect, useRef } from "react";
import type { Vec3 } from "../geometry/affine";
import { fromScreen, type Placing, type Size } from "../geometry/camera";
import { type Frame, type Point, sliceOf, toVoxel } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import { begin, type Drag, type PointerState } from "./drag-tools";
import { wheelChange } from "./wheel";

interface Pane {
  frame: Frame;
  placing: Placing;
  size: Size;
  onHover: (voxel: Vec3 | null) => void;
}

/** Wheel, drag and hover of one pane. Listeners are added once; they read the current state through a ref. */
export function usePointer(surface: RefObject<HTMLElement | null>, pane: Pane): void {
  const viewing = useViewing();
  const now = useRef({ ...pane, viewing });
  now.current = { ...pane, viewing };
  useEffect(() => {
    const element = surface.current;
    if (!element) return;
    const pointers = new Map<number, Point>();
    let drag: Drag | null = null;
    const at = (event: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    const held = (): PointerState => {
      const { frame, placing, size, viewing: present } = now.current;
      return { frame, placing, size, viewing: present, pointers };
    };
    const down = (event: PointerEvent) => {
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      drag = begin(held(), event.button, at(event), event.ctrlKey || event.metaKey, event.shiftKey);
    };
    const move = (event: PointerEvent) => {
      hovered(at(event));
      if (!pointers.has(event.pointerId) || !drag) return;
      const before = pointers.get(event.pointerId) ?? at(event);
      pointers.set(event.pointerId, at(event));
      drag.move(at(event), [at(event)[0] - before[0], at(event)[1] - before[1]], held());
    };
    const up = (event: PointerEvent) => {
      pointers.delete(event.pointerId);
      drag?.end?.(at(event), held());
      drag = null;
    };
    const hovered = (point: Point) => {
      const { frame, placing, viewing: present, onHover } = now.current;
      onHover(toVoxel(frame, fromScreen(placing, point), sliceOf(frame, present.state.cursor)));
    };
    const leave = () => now.current.onHover(null);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const change = wheelChange(event, at(event), now.current.frame, now.current.size);
      if (change) now.current.viewing.apply(change);
    };
    const quiet = (event: Event) => event.preventDefault();
    const listeners: [string, (event: never) => void][] = [
      ["pointerdown", down],
      ["pointermove", move],
      ["pointerup", up],
      ["pointercancel", up],
      ["pointerleave", leave],
      ["wheel", wheel],
      ["contextmenu", quiet],
    ];
    for (const [name, listener] of listeners) {
      element.addEventListener(name, listener as EventListener, { passive: false });
    }
    return () => {
      for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener);
    };
  }, [surface]);
}
