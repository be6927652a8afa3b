import { type Announced, announced, DecodeFailure, HEADER_BYTES } from "./nifti";
import type { Voxels } from "./voxels";

type Bytes = Uint8Array<ArrayBuffer>;
export type Progress = (voxels: Voxels) => void;

/** Reads a .nii.gz while it arrives: the grid exists after the header and fills slice by slice. Throws a DecodeFailure. */
export async function readVoxels(response: Response, budgetBytes: number, onSlices: Progress): Promise<Voxels> {
  const streamed = new StreamedVolume(budgetBytes, onSlices);
  const reader = unzipped(response).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) streamed.take(next.value);
  } catch (error) {
    throw error instanceof TypeError ? new DecodeFailure("damaged gzip", { cause: error }) : error;
  } finally {
    reader.releaseLock();
  }
  return streamed.whole();
}

function unzipped(response: Response): ReadableStream<Bytes> {
  if (!response.body) throw new DecodeFailure("an empty answer");
  // If a proxy made gzip the Content-Encoding, the browser has already unpacked it.
  const plain = response.headers.has("Content-Encoding");
  return plain ? response.body : response.body.pipeThrough(new DecompressionStream("gzip"));
}

class StreamedVolume {
  private head: Bytes = new Uint8Array(0);
  private target: Announced | null = null;
  private done = 0;

  constructor(
    private readonly budgetBytes: number,
    private readonly onSlices: Progress,
  ) {}

  take(chunk: Bytes): void {
    if (this.target) this.add(this.target, chunk);
    else this.begin(chunk);
  }

  whole(): Voxels {
    if (!this.target || this.done < this.target.bytes.length) throw new DecodeFailure("cut off");
    return this.target.voxels;
  }

  private begin(chunk: Bytes): void {
    this.head = joined(this.head, chunk);
    if (this.head.length < HEADER_BYTES) return;
    this.target = announced(this.head, this.budgetBytes);
    this.add(this.target, this.head.subarray(this.target.dataOffset)); // the server writes no extensions before the data
  }

  private add({ voxels, bytes }: Announced, chunk: Bytes): void {
    const wanted = chunk.subarray(0, bytes.length - this.done);
    bytes.set(wanted, this.done);
    this.done += wanted.length;
    const filled = Math.floor((this.done * voxels.shape[2]) / bytes.length);
    if (filled === voxels.filled) return;
    voxels.filled = filled;
    this.onSlices(voxels);
  }
}

function joined(first: Bytes, second: Bytes): Bytes {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
