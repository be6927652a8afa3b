import { contours } from "d3-contour";

const INSIDE = 0.5;

/** The border of a mask of 0 to 1 as an SVG path, in pixels of the plane counted from the corner of the first one. */
export function outline(mask: Float32Array, width: number, height: number): string {
  const { coordinates } = contours().size([width, height]).contour(Array.from(mask), INSIDE);
  return coordinates.flat().map(ring).join("");
}

function ring(points: readonly (readonly number[])[]): string {
  return `M${points.map((point) => `${rounded(point[0])},${rounded(point[1])}`).join("L")}Z`;
}

function rounded(value = 0): number {
  return Math.round(value * 100) / 100;
}
