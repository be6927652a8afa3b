import type { PlaneSampling, Voxels } from "./voxels";

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/**
 * Fill the pixels of a plane with the nearest voxel's HU; pixels outside the grid or not loaded stay unchanged.
 * The last voxel of a coarse grid also covers the rest of its step.
 */
export function sampleNearest(voxels: Voxels, walk: PlaneSampling, { width, height }: Extent, into: Int16Array): void {
  const { data, filled, shape } = voxels;
  const [nx, ny, nz] = shape;
  const { start, across, down } = walk;
  for (let v = 0; v < height; v += 1) {
    for (let u = 0; u < width; u += 1) {
      const i = rounded(start[0] + across[0] * u + down[0] * v, nx);
      const j = rounded(start[1] + across[1] * u + down[1] * v, ny);
      const k = rounded(start[2] + across[2] * u + down[2] * v, nz);
      if (i >= 0 && j >= 0 && k >= 0 && k < filled) into[v * width + u] = data[(k * ny + j) * nx + i] as number;
    }
  }
}

/** The values at a plane's pixels, interpolated between the eight voxels around each; 0 outside of the grid. */
export function sampleLinear(voxels: Voxels, walk: PlaneSampling, { width, height }: Extent): Float32Array {
  const values = new Float32Array(width * height);
  const [ax, ay, az] = walk.across;
  for (let v = 0; v < height; v += 1) {
    let x = walk.start[0] + walk.down[0] * v;
    let y = walk.start[1] + walk.down[1] * v;
    let z = walk.start[2] + walk.down[2] * v;
    for (let u = 0; u < width; u += 1) {
      values[v * width + u] = linear(voxels, x, y, z);
      x += ax;
      y += ay;
      z += az;
    }
  }
  return values;
}

/** The index of the voxel at a position; negative below the grid, the last voxel beyond it. */
function rounded(at: number, count: number): number {
  const index = Math.floor(at + 0.5);
  return index < count ? index : count - 1;
}

function linear({ data, shape, slope, intercept }: Voxels, x: number, y: number, z: number): number {
  const nx = shape[0];
  const ny = shape[1];
  const nz = shape[2];
  // A coarse grid ends up to one of its steps before the series does; its last voxel covers the rest.
  if (x < -1 || y < -1 || z < -1 || x > nx || y > ny || z > nz) return 0;
  const hx = held(x, nx);
  const hy = held(y, ny);
  const hz = held(z, nz);
  const i = Math.floor(hx);
  const j = Math.floor(hy);
  const k = Math.floor(hz);
  const right = i < nx - 1 ? 1 : 0;
  const below = j < ny - 1 ? nx : 0;
  const onward = k < nz - 1 ? nx * ny : 0;
  const slice = (at: number): number =>
    mix(
      mix(data[at] as number, data[at + right] as number, hx - i),
      mix(data[at + below] as number, data[at + below + right] as number, hx - i),
      hy - j,
    );
  const first = (k * ny + j) * nx + i;
  const value = mix(slice(first), slice(first + onward), hz - k) * slope + intercept;
  return Number.isNaN(value) ? 0 : value; // NaN outside the crop
}

function held(at: number, count: number): number {
  return Math.min(count - 1, Math.max(0, at));
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
