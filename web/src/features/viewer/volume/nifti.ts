import { NIFTI1, readHeader } from "nifti-reader-js";
import { fromRas } from "../geometry/affine";
import type { Numbers, Voxels } from "./voxels";

export const HEADER_BYTES = 352; // with the four bytes for extensions

/** The data are incomplete, damaged, or of an unsupported type. */
export class DecodeFailure extends Error {
  override name = "DecodeFailure";
}

export interface Announced {
  readonly voxels: Voxels;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly dataOffset: number;
}

const KINDS: Record<number, new (buffer: ArrayBuffer) => Numbers> = {
  [NIFTI1.TYPE_UINT8]: Uint8Array,
  [NIFTI1.TYPE_INT16]: Int16Array,
  [NIFTI1.TYPE_FLOAT32]: Float32Array,
};

/** The empty grid that a header announces, and the bytes behind its values; throws a DecodeFailure. */
export function announced(head: Uint8Array<ArrayBuffer>, budgetBytes: number): Announced {
  const header = parsed(head);
  const Kind = KINDS[header.datatypeCode];
  const [, columns = 0, rows = 0, slices = 0] = header.dims;
  if (!Kind || !header.littleEndian || Math.min(columns, rows, slices) < 1) throw new DecodeFailure("kind of values");
  const size = (columns * rows * slices * header.numBitsPerVoxel) / 8;
  if (size > budgetBytes) throw new DecodeFailure(`${size} bytes`);
  const buffer = new ArrayBuffer(size);
  const voxels = {
    shape: [columns, rows, slices] as const,
    affine: fromRas(header.affine),
    data: new Kind(buffer),
    slope: header.scl_slope || 1, // 0 means none
    intercept: header.scl_slope ? header.scl_inter : 0,
    filled: 0,
  };
  return { voxels, bytes: new Uint8Array(buffer), dataOffset: header.vox_offset };
}

function parsed(head: Uint8Array<ArrayBuffer>): ReturnType<typeof readHeader> {
  try {
    return readHeader(head.slice().buffer);
  } catch (error) {
    throw new DecodeFailure("no NIfTI header", { cause: error });
  }
}
