import type { Series } from "../geometry/series";

export const BUDGET_BYTES = 256 * 2 ** 20; // int16 of 512 x 512 x 512; tablets often kill a tab that uses more
export const CACHED_SLICES = 48; // read one by one: 24 MiB of 512 x 512

export const STEPS = [1, 2, 4] as const;
export type Step = (typeof STEPS)[number];

/**
 * The finest volume that stays within the budget. For a larger series the planes use every second or fourth
 * voxel; axial slices are loaded one by one at full resolution.
 */
export function finestStep({ shape }: Series): Step | null {
  return STEPS.find((step) => bytes(shape, step) <= BUDGET_BYTES) ?? null;
}

function bytes(shape: readonly number[], step: Step): number {
  return shape.reduce((size, count) => size * Math.ceil(count / step), 2);
}
