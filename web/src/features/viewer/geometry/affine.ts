/** Three numbers: a voxel (column, row, slice) or a point in mm of the patient's LPS (left, posterior, superior). */
export type Vec3 = readonly [number, number, number];

/** The transform from voxel to mm: `origin` is the middle of voxel (0, 0, 0), `columns` the steps to the next voxel of each axis. */
export interface Affine {
  readonly columns: readonly [Vec3, Vec3, Vec3];
  readonly origin: Vec3;
}

export function fromRows(rows: readonly (readonly number[])[]): Affine {
  const column = (at: number): Vec3 => [entry(rows, 0, at), entry(rows, 1, at), entry(rows, 2, at)];
  return { columns: [column(0), column(1), column(2)], origin: column(3) };
}

/** NIfTI uses RAS (right, anterior, superior); DICOM and this viewer use LPS. */
export function fromRas(rows: readonly (readonly number[])[]): Affine {
  return fromRows(rows.map((row, at) => (at < 2 ? row.map((value) => -value) : row)));
}

export function toMm(affine: Affine, [column, row, slice]: Vec3): Vec3 {
  const [a, b, c] = affine.columns;
  return [0, 1, 2].map((at) => (affine.origin[at] ?? 0) + dot3(a, b, c, at, column, row, slice)) as unknown as Vec3;
}

/** From mm back to voxels; throws a RangeError when the axes lie in one plane. */
export function inverse(affine: Affine): Affine {
  const [a, b, c] = affine.columns;
  const volume = dot(a, cross(b, c));
  if (!Number.isFinite(volume) || Math.abs(volume) < 1e-12) throw new RangeError("an affine without a volume");
  const rows = [cross(b, c), cross(c, a), cross(a, b)].map((row) => row.map((value) => value / volume));
  const turned = fromRows(rows.map((row) => [...row, 0]));
  const [x, y, z] = toMm(turned, affine.origin);
  return { ...turned, origin: [-x, -y, -z] };
}

/** First `second`, then `first`. */
export function compose(first: Affine, second: Affine): Affine {
  const turned: Affine = { ...first, origin: [0, 0, 0] };
  const [a, b, c] = second.columns;
  return { columns: [toMm(turned, a), toMm(turned, b), toMm(turned, c)], origin: toMm(first, second.origin) };
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function length(vector: Vec3): number {
  return Math.hypot(...vector);
}

export function distanceMm(affine: Affine, from: Vec3, to: Vec3): number {
  const [a, b] = [toMm(affine, from), toMm(affine, to)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot3(a: Vec3, b: Vec3, c: Vec3, at: number, x: number, y: number, z: number): number {
  return (a[at] ?? 0) * x + (b[at] ?? 0) * y + (c[at] ?? 0) * z;
}

function entry(rows: readonly (readonly number[])[], row: number, column: number): number {
  const value = rows[row]?.[column];
  if (value === undefined || !Number.isFinite(value)) throw new RangeError("an affine needs 4 x 4 finite numbers");
  return value;
}
