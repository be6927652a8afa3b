import { interpolateYlOrRd } from "d3-scale-chromatic";

const PALEST = 0.12; // the map's white end would vanish on a light page

/** The colour of a slice's score: pale yellow at 0, dark red at 1 and beyond, as scores before calibration may be. */
export function scoreColour(score: number): string {
  return interpolateYlOrRd(PALEST + (1 - PALEST) * heldShare(score));
}

/** How high a slice's bar is, 0 to 1. */
export function heldShare(score: number): number {
  return Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : 0;
}
