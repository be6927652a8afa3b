import type { Series } from "../geometry/series";

export const BUDGET_BYTES = 256 * 2 ** 20; // int16 of 512 x 512 x 512; a tab that asks for more is often killed on a tablet
export const KEPT_SLICES = 48; // read one by one: 24 MiB of 512 x 512

export const STEPS = [1, 2, 4] as const;
export type Step = (typeof STEPS)[number];

/**
 * The finest volume that stays within the budget. Of a larger series the planes are coarser, every second or fourth
 * voxel; its axial slices are read one by one, and stay as sharp as they are stored.
 */
export function finestStep({ shape }: Series): Step | null {
  return STEPS.find((step) => bytes(shape, step) <= BUDGET_BYTES) ?? null;
}

function bytes(shape: readonly number[], step: Step): number {
  return shape.reduce((size, count) => size * Math.ceil(count / step), 2);
}
