import { analyse, followAnalysis, isFinal } from "@/shared/api/analyses";
import type { Analysis } from "@/shared/api/model";
import { uploadScan } from "@/shared/api/upload";
import { pack } from "./packing";
import type { Step, Upload } from "./uploads";

export interface Hands {
  signal: AbortSignal;
  tell: (step: Step) => void;
}

/** One upload from the first byte to the end of its analysis; `scanId` when it is stored already. */
export async function carry(upload: Upload, scanId: string | null, { signal, tell }: Hands): Promise<void> {
  let stored = scanId;
  try {
    stored ??= await send(upload, { signal, tell });
    tell({ at: "asking", scanId: stored });
    const first = await analyse(stored, upload.urgent);
    follow(stored, first, tell);
  } catch (error) {
    tell({ at: "failed", error, scanId: stored });
  }
}

async function send(upload: Upload, { signal, tell }: Hands): Promise<string> {
  tell({ at: "packing", share: 0 });
  const packed = await pack(upload.parcel, (share) => tell({ at: "packing", share }), signal);
  tell({ at: "sending", share: 0 });
  const { id } = await uploadScan({
    ...packed,
    patientId: upload.patientId,
    description: upload.description,
    key: upload.key,
    signal,
    onSent: (bytes) =>
      tell({ at: "sending", share: packed.file.size === 0 ? 1 : Math.min(1, bytes / packed.file.size) }),
  });
  return id;
}

function follow(scanId: string, first: Analysis, tell: Hands["tell"]): void {
  const heard = (analysis: Analysis) => tell({ at: isFinal(analysis.state) ? "ended" : "analysing", scanId, analysis });
  heard(first);
  if (!isFinal(first.state)) followAnalysis(scanId, heard);
}
