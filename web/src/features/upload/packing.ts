import { downloadZip } from "client-zip";
import type { Parcel } from "./gather";
import { needsPacking } from "./gather";

export interface Packed {
  file: Blob;
  fileName: string;
}

/** Packs a folder as a stream: the browser never holds it whole in memory, for it spools a large Blob to disk. */
export async function pack(parcel: Parcel, onShare: (share: number) => void, signal: AbortSignal): Promise<Packed> {
  const [only] = parcel.files;
  if (only !== undefined && !needsPacking(parcel)) return { file: only.file, fileName: only.file.name };
  const stream = downloadZip(told(parcel, onShare, signal));
  return { file: await stream.blob(), fileName: `${parcel.name}.zip` };
}

async function* told({ files, bytes }: Parcel, onShare: (share: number) => void, signal: AbortSignal) {
  let done = 0;
  for (const { path, file } of files) {
    signal.throwIfAborted();
    onShare(bytes === 0 ? 0 : done / bytes);
    yield { name: path, input: file, lastModified: file.lastModified };
    done += file.size;
  }
}
