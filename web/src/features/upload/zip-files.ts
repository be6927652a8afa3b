import { downloadZip } from "client-zip";
import type { ScanFiles } from "./scan-files";
import { needsZip } from "./scan-files";

export interface UploadFile {
  file: Blob;
  fileName: string;
}

/** Zips a folder as a stream: the browser keeps a large Blob on disk, so the folder is never whole in memory. */
export async function zipScanFiles(
  scanFiles: ScanFiles,
  onShare: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadFile> {
  const [only] = scanFiles.files;
  if (only !== undefined && !needsZip(scanFiles)) return { file: only.file, fileName: only.file.name };
  const stream = downloadZip(withProgress(scanFiles, onShare, signal));
  return { file: await stream.blob(), fileName: `${scanFiles.name}.zip` };
}

async function* withProgress({ files, bytes }: ScanFiles, onShare: (share: number) => void, signal: AbortSignal) {
  let done = 0;
  for (const { path, file } of files) {
    signal.throwIfAborted();
    onShare(bytes === 0 ? 0 : done / bytes);
    yield { name: path, input: file, lastModified: file.lastModified };
    done += file.size;
  }
}
