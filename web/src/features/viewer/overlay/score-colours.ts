import { interpolateYlOrRd } from "d3-scale-chromatic";

const PALEST = 0.12; // the map's white end is invisible on a light page

/** The colour of a share of 0 to 1: from pale yellow to dark red. */
export function scoreColour(share: number): string {
  return interpolateYlOrRd(PALEST + (1 - PALEST) * share);
}

/** How high each slice's bar is, 0 to 1. A score before calibration may exceed 1: then the highest has height 1. */
export function shares(scores: readonly number[]): number[] {
  const finite = scores.map((score) => (Number.isFinite(score) ? Math.max(0, score) : 0));
  const highest = Math.max(1, ...finite);
  return finite.map((score) => score / highest);
}
