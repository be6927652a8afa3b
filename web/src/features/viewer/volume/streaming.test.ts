import { describe, expect, it } from "vitest";
import { toMm } from "../geometry/affine";
import { DecodeFailure } from "./nifti";
import { readVoxels } from "./streaming";

const LARGE_BUDGET = 1_000_000;
const INT16 = 4;
const FLOAT64 = 64;

/** A NIfTI-1 file of 2 x 3 x 4 voxels that count up from -10, their type filledCounts as `datatype`. */
function nifti(datatype = INT16): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(352 + 2 * 24);
  const view = new DataView(bytes.buffer);
  const shorts = (from: number, values: number[]) => {
    for (const [at, value] of values.entries()) view.setInt16(from + 2 * at, value, true);
  };
  const floats = (from: number, values: number[]) => {
    for (const [at, value] of values.entries()) view.setFloat32(from + 4 * at, value, true);
  };
  view.setInt32(0, 348, true);
  shorts(40, [3, 2, 3, 4, 1, 1, 1, 1]); // dim
  shorts(70, [datatype, datatype === INT16 ? 16 : 64]);
  floats(76, [1, 0.5, 0.5, 2]); // pixdim
  floats(108, [352]); // vox_offset
  shorts(254, [1]); // sform_code
  floats(280, [-0.5, 0, 0, 50, 0, -0.5, 0, 60, 0, 0, 2, -70]); // srow_x, srow_y, srow_z
  bytes.set([0x6e, 0x2b, 0x31, 0], 344); // "n+1"
  shorts(
    352,
    Array.from({ length: 24 }, (_, at) => at - 10),
  );
  return bytes;
}

async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An answer that comes in pieces of so many bytes. */
function answer(bytes: Uint8Array<ArrayBuffer>, piece = bytes.length): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
        controller.close();
      },
    }),
  );
}

describe("a volume on its way", () => {
  it("is read with its place in the patient", async () => {
    const voxels = await readVoxels(answer(await packed(nifti())), LARGE_BUDGET, () => undefined);
    expect([...voxels.data]).toEqual(Array.from({ length: 24 }, (_, at) => at - 10));
    expect(voxels.shape).toEqual([2, 3, 4]);
    expect(toMm(voxels.affine, [0, 0, 0])).toEqual([-50, -60, -70]);
    expect(toMm(voxels.affine, [1, 1, 1])).toEqual([-49.5, -59.5, -68]);
  });

  it("fills from below, whatever the pieces it comes in", async () => {
    const filledCounts: number[] = [];
    const plain = new Response(answer(nifti(), 7).body, { headers: { "Content-Encoding": "gzip" } }); // undone already
    const voxels = await readVoxels(plain, LARGE_BUDGET, ({ filled }) => filledCounts.push(filled));
    expect(filledCounts).toEqual([1, 2, 3, 4]);
    expect(voxels.data[23]).toBe(13);
  });

  it.each([
    ["is cut off", async () => (await packed(nifti())).slice(0, 60)],
    ["is no gzip", async () => nifti()],
    ["is no NIfTI", async () => packed(new Uint8Array(500))],
    ["ends early", async () => packed(nifti().slice(0, 380))],
    ["has other values than the viewer reads", async () => packed(nifti(FLOAT64))],
  ])("fails in words where it %s", async (_, bytes) => {
    await expect(readVoxels(answer(await bytes()), LARGE_BUDGET, () => undefined)).rejects.toThrow(DecodeFailure);
  });

  it("is refused before it is read where it does not fit", async () => {
    await expect(readVoxels(answer(await packed(nifti())), 47, () => undefined)).rejects.toThrow(DecodeFailure);
  });
});
