import { analyse, followAnalysis, isFinal } from "@/shared/api/analyses";
import type { Analysis } from "@/shared/api/model";
import { uploadScan } from "@/shared/api/upload";
import type { Step, Upload } from "./upload-step";
import { zipScanFiles } from "./zip-files";

export interface UploadCallbacks {
  signal: AbortSignal;
  onStep: (step: Step) => void;
}

/** One upload from the first byte to the end of its analysis; `scanId` when it is stored already. */
export async function uploadAndAnalyse(
  upload: Upload,
  scanId: string | null,
  { signal, onStep }: UploadCallbacks,
): Promise<void> {
  let stored = scanId;
  try {
    stored ??= await send(upload, { signal, onStep });
    onStep({ at: "requesting", scanId: stored });
    const first = await analyse(stored, upload.urgent);
    follow(stored, first, onStep);
  } catch (error) {
    onStep({ at: "failed", error, scanId: stored });
  }
}

async function send(upload: Upload, { signal, onStep }: UploadCallbacks): Promise<string> {
  onStep({ at: "zipping", share: 0 });
  const zipped = await zipScanFiles(upload.scanFiles, (share) => onStep({ at: "zipping", share }), signal);
  onStep({ at: "sending", share: 0 });
  const { id } = await uploadScan({
    ...zipped,
    patientId: upload.patientId,
    description: upload.description,
    key: upload.key,
    signal,
    onSent: (bytes) =>
      onStep({ at: "sending", share: zipped.file.size === 0 ? 1 : Math.min(1, bytes / zipped.file.size) }),
  });
  return id;
}

function follow(scanId: string, first: Analysis, onStep: UploadCallbacks["onStep"]): void {
  const publish = (analysis: Analysis) =>
    onStep({ at: isFinal(analysis.state) ? "ended" : "analysing", scanId, analysis });
  publish(first);
  if (!isFinal(first.state)) followAnalysis(scanId, publish);
}
