import type { Frame, Point } from "./planes";

/** Zoom and pan of a pane: `zoom` 1 shows the whole slice; `pan` is in CSS pixels. */
export interface Camera {
  readonly zoom: number;
  readonly pan: Point;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Screen = offset + scale x (pixel + 1/2), so that pixel centres are whole numbers. The scales differ if voxels are not square. */
export interface Placing {
  readonly scale: Point;
  readonly offset: Point;
}

export const WHOLE: Camera = { zoom: 1, pan: [0, 0] };
const ZOOM_RANGE: Point = [0.5, 20];

/** The position of the slice in a pane of that size; at zoom 1 the whole slice, in its true proportions. */
export function place({ across, down }: Frame, camera: Camera, size: Size): Placing {
  const [width_mm, height_mm] = [across.count * across.stepMm, down.count * down.stepMm];
  const pxPerMm = Math.min(size.width / width_mm, size.height / height_mm) * camera.zoom;
  return {
    scale: [across.stepMm * pxPerMm, down.stepMm * pxPerMm],
    offset: [
      (size.width - width_mm * pxPerMm) / 2 + camera.pan[0],
      (size.height - height_mm * pxPerMm) / 2 + camera.pan[1],
    ],
  };
}

export function toScreen({ scale, offset }: Placing, [u, v]: Point): Point {
  return [offset[0] + (u + 0.5) * scale[0], offset[1] + (v + 0.5) * scale[1]];
}

export function fromScreen({ scale, offset }: Placing, [x, y]: Point): Point {
  return [(x - offset[0]) / scale[0] - 0.5, (y - offset[1]) / scale[1] - 0.5];
}

/** Zoomed by a factor around a fixed point of the pane. */
export function zoomedAt(camera: Camera, factor: number, at: Point, size: Size): Camera {
  const zoom = Math.min(ZOOM_RANGE[1], Math.max(ZOOM_RANGE[0], camera.zoom * factor));
  const grown = zoom / camera.zoom;
  const keep = (pan: number, place: number, whole: number): number =>
    place - whole / 2 - (place - whole / 2 - pan) * grown;
  return { zoom, pan: [keep(camera.pan[0], at[0], size.width), keep(camera.pan[1], at[1], size.height)] };
}

export function panned(camera: Camera, [x, y]: Point): Camera {
  return { ...camera, pan: [camera.pan[0] + x, camera.pan[1] + y] };
}
