import { inverse, toMm, type Vec3 } from "../geometry/affine";
import type { Frame } from "../geometry/planes";
import type { Series } from "../geometry/series";
import { CACHED_SLICES } from "./memory-budget";
import { sampleNearest } from "./sampling";
import { planeSampling, type Voxels } from "./voxels";

export const AIR_HU = -1024;

/** HU of one slice of a plane, [height x width]; `sharp` only if all of it is at full resolution. */
export interface Cut {
  readonly hu: Int16Array;
  readonly width: number;
  readonly height: number;
  readonly sharp: boolean;
}

/** The HU loaded so far: single axial slices, a coarse volume, and a finer one that fills from below. */
export class HuStore {
  private readonly slices = new Map<number, Int16Array>(); // in order of use: the first is dropped first
  private volumes: readonly Voxels[] = []; // the coarsest first

  constructor(readonly series: Series) {}

  addSlice(index: number, hu: Int16Array): void {
    this.slices.delete(index);
    this.slices.set(index, hu);
    const oldest = this.slices.keys().next();
    if (this.slices.size > CACHED_SLICES && !oldest.done) this.slices.delete(oldest.value);
  }

  setVolumes(coarsestFirst: readonly Voxels[]): void {
    this.volumes = coarsestFirst;
  }

  /** Whether the slice is loaded at full resolution. */
  hasSlice(index: number): boolean {
    return this.slices.has(index) || this.volumes.some((one) => this.isFull(one) && index < one.filled);
  }

  /** Null if nothing of the plane is loaded. */
  cut(frame: Frame, slice: number): Cut | null {
    const extent = { width: frame.across.count, height: frame.down.count };
    const single = frame.through.axis === 2 ? this.single(frame, slice, extent) : null;
    if (single) return single;
    const come = this.volumes.filter((one) => one.filled > 0);
    if (!come.length) return null;
    const hu = new Int16Array(extent.width * extent.height).fill(AIR_HU);
    for (const one of come) sampleNearest(one, planeSampling(frame, slice, this.series.affine, one.affine), extent, hu);
    return { hu, ...extent, sharp: come.some((one) => this.isSharp(one, frame, slice)) };
  }

  /** HU at a voxel of the series from the finest loaded data; null outside, or if not loaded. */
  huAt(voxel: Vec3): number | null {
    const [i, j, k] = voxel.map(Math.round) as [number, number, number];
    const [nx, ny, nz] = this.series.shape;
    if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) return null;
    const single = this.slices.get(k);
    if (single) return single[j * nx + i] ?? null;
    const full = this.volumes.find((one) => this.isFull(one) && k < one.filled);
    return full ? nearest(full, toMm(this.series.affine, [i, j, k])) : null;
  }

  private single(frame: Frame, slice: number, extent: { width: number; height: number }): Cut | null {
    const index = frame.through.flipped ? frame.through.count - 1 - slice : slice;
    const data = this.slices.get(index);
    if (!data) return null;
    const [nx, ny, nz] = this.series.shape;
    const one: Voxels = { shape: [nx, ny, nz], affine: this.series.affine, data, slope: 1, intercept: 0, filled: 1 };
    const way = planeSampling(frame, slice, this.series.affine, one.affine);
    const hu = new Int16Array(extent.width * extent.height);
    const flat: [number, number, number] = [way.start[0], way.start[1], 0];
    sampleNearest(one, { ...way, start: flat }, extent, hu);
    return { hu, ...extent, sharp: true };
  }

  private isFull(one: Voxels): boolean {
    return one.shape.every((count, axis) => count === this.series.shape[axis]);
  }

  private isSharp(one: Voxels, frame: Frame, slice: number): boolean {
    const last = frame.through.axis === 2 ? slice + 1 : one.shape[2];
    return this.isFull(one) && one.filled >= last;
  }
}

function nearest({ affine, data, shape }: Voxels, mm: Vec3): number | null {
  const [i, j, k] = toMm(inverse(affine), mm).map(Math.round) as [number, number, number];
  return data[(k * shape[1] + j) * shape[0] + i] ?? null;
}
