import type { Placing, Size } from "../geometry/camera";

const SMOOTH_BELOW = 6; // screen pixels per slice pixel; above that the voxels are shown without smoothing

/** Renders a slice's pixels (RGBA) into a canvas. Null if the browser gives no canvas. */
export function renderLayer(
  width: number,
  height: number,
  fill: (pixels: Uint32Array) => void,
): OffscreenCanvas | null {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const image = context.createImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Draw the layers over each other where the camera places them; false if the browser gives no canvas. */
export function draw(
  canvas: HTMLCanvasElement,
  layers: readonly OffscreenCanvas[],
  { scale, offset }: Placing,
  size: Size,
): boolean {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  const context = canvas.getContext("2d", { alpha: false });
  if (!context || context.isContextLost?.()) return false;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.imageSmoothingEnabled = scale[0] * ratio < SMOOTH_BELOW;
  context.imageSmoothingQuality = "high";
  for (const one of layers) context.drawImage(one, ...offset, one.width * scale[0], one.height * scale[1]);
  return true;
}
