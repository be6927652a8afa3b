import type { Voxels, Walk } from "./voxels";

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/**
 * Fill the pixels of a plane with the nearest voxel's HU; what lies outside the grid or has not come yet stays.
 * The last voxel of a coarse grid stands for the rest of its step as well.
 */
export function sampleNearest(voxels: Voxels, walk: Walk, { width, height }: Extent, into: Int16Array): void {
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

/** What a plane's pixels mean, interpolated between the eight voxels around each; 0 outside of the grid. */
export function sampleLinear(voxels: Voxels, walk: Walk, { width, height }: Extent): Float32Array {
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

/** The index of the voxel around a place; below the grid it is negative, behind the last voxel it is that one. */
function rounded(at: number, count: number): number {
  const index = Math.floor(at + 0.5);
  return index < count ? index : count - 1;
}

function linear({ data, shape, slope, intercept }: Voxels, x: number, y: number, z: number): number {
  const [nx, ny, nz] = shape;
  // A coarse grid ends up to one of its steps before the series does; its last voxel stands for the rest.
  if (x < -1 || y < -1 || z < -1 || x > nx || y > ny || z > nz) return 0;
  const [i, fx] = cell(x, nx);
  const [j, fy] = cell(y, ny);
  const [k, fz] = cell(z, nz);
  const row = (jj: number, kk: number): number => {
    const at = (kk * ny + jj) * nx + i;
    return mix(data[at] as number, data[fx > 0 ? at + 1 : at] as number, fx);
  };
  const slice = (kk: number): number => mix(row(j, kk), row(fy > 0 ? j + 1 : j, kk), fy);
  const value = mix(slice(k), slice(fz > 0 ? k + 1 : k), fz) * slope + intercept;
  return Number.isNaN(value) ? 0 : value; // beyond the crop the server knows nothing
}

function cell(at: number, count: number): readonly [number, number] {
  const held = Math.min(count - 1, Math.max(0, at));
  const low = Math.floor(held);
  return [low, held - low];
}

function mix(a: number, b: number, share: number): number {
  return share === 0 ? a : a + (b - a) * share;
}
