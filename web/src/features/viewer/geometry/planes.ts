import { type Affine, dot, length, toMm, type Vec3 } from "./affine";
import { letters, opposite } from "./orientation";
import type { Series } from "./series";

export const PLANES = ["axial", "coronal", "sagittal"] as const;
export type Plane = (typeof PLANES)[number];
export type Point = readonly [number, number];

/** One axis of the screen: its voxel axis, reversed if `flipped`, in steps of `stepMm`. */
interface VoxelAxis {
  readonly axis: 0 | 1 | 2;
  readonly flipped: boolean;
  readonly count: number;
  readonly stepMm: number;
}

/** The orientation of a plane on the screen. Each pixel is one voxel, without interpolation. */
export interface Frame {
  readonly plane: Plane;
  readonly across: VoxelAxis;
  readonly down: VoxelAxis;
  readonly through: VoxelAxis;
  readonly letters: { left: string; right: string; top: string; bottom: string };
}

// Radiological convention: seen from the feet and from the front, so the patient's right is on the left of the screen.
const LEFT: Vec3 = [1, 0, 0];
const POSTERIOR: Vec3 = [0, 1, 0];
const SUPERIOR: Vec3 = [0, 0, 1];
const SCREEN_AXES: Record<Plane, readonly [Vec3, Vec3, Vec3]> = {
  axial: [LEFT, POSTERIOR, SUPERIOR],
  coronal: [LEFT, opposite(SUPERIOR), POSTERIOR],
  sagittal: [POSTERIOR, opposite(SUPERIOR), LEFT],
};

export function frameOf(plane: Plane, series: Series): Frame {
  const [right, bottom, onward] = SCREEN_AXES[plane];
  const axes = patientAxes(series.affine);
  const across = way(series, axes, right);
  const down = way(series, axes, bottom);
  const rightward = pointing(series.affine, across);
  const downward = pointing(series.affine, down);
  return {
    plane,
    across,
    down,
    through: way(series, axes, onward),
    letters: {
      left: letters(opposite(rightward)),
      right: letters(rightward),
      top: letters(opposite(downward)),
      bottom: letters(downward),
    },
  };
}

/** The voxel under a pixel of a slice; whole numbers are the middles of both. */
export function toVoxel(frame: Frame, [u, v]: Point, slice: number): Vec3 {
  const voxel: [number, number, number] = [0, 0, 0];
  voxel[frame.across.axis] = along(frame.across, u);
  voxel[frame.down.axis] = along(frame.down, v);
  voxel[frame.through.axis] = along(frame.through, slice);
  return voxel;
}

export function toPixel(frame: Frame, voxel: Vec3): Point {
  return [along(frame.across, voxel[frame.across.axis]), along(frame.down, voxel[frame.down.axis])];
}

/** Which slice of the plane a voxel lies on. */
export function sliceOf(frame: Frame, voxel: Vec3): number {
  return along(frame.through, voxel[frame.through.axis]);
}

/** The position of a slice along its patient axis, in mm (LPS). */
export function sliceMm(frame: Frame, series: Series, slice: number): number {
  const middle: Point = [(frame.across.count - 1) / 2, (frame.down.count - 1) / 2];
  return dot(toMm(series.affine, toVoxel(frame, middle, slice)), SCREEN_AXES[frame.plane][2]);
}

/** The slice nearest to a position on that axis, limited to existing slices. */
export function sliceAtMm(frame: Frame, series: Series, mm: number): number {
  const first = sliceMm(frame, series, 0);
  const step = frame.through.count > 1 ? sliceMm(frame, series, 1) - first : 1;
  return Math.min(frame.through.count - 1, Math.max(0, Math.round((mm - first) / step)));
}

function along({ flipped, count }: VoxelAxis, at: number): number {
  return flipped ? count - 1 - at : at;
}

function pointing(affine: Affine, { axis, flipped }: VoxelAxis): Vec3 {
  return flipped ? opposite(affine.columns[axis]) : affine.columns[axis];
}

function way(series: Series, axes: readonly (0 | 1 | 2)[], wanted: Vec3): VoxelAxis {
  const axis = axes[wanted.findIndex((part) => part !== 0)] ?? 0;
  const column = series.affine.columns[axis];
  return { axis, flipped: dot(column, wanted) < 0, count: series.shape[axis], stepMm: length(column) };
}

/** The closest voxel axis of each patient axis, each used once, the best match first. */
function patientAxes({ columns }: Affine): (0 | 1 | 2)[] {
  const axes: (0 | 1 | 2)[] = [0, 1, 2];
  const pairs = axes.flatMap((patient) =>
    axes.map((axis) => ({ patient, axis, part: Math.abs(columns[axis][patient]) / (length(columns[axis]) || 1) })),
  );
  const found: (0 | 1 | 2)[] = [];
  const taken = new Set<number>();
  for (const { patient, axis } of pairs.sort((a, b) => b.part - a.part)) {
    if (found[patient] !== undefined || taken.has(axis)) continue;
    found[patient] = axis;
    taken.add(axis);
  }
  return found;
}
