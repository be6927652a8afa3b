import { reportSignOut } from "./http";
import { problemOf, unreachable } from "./problem";

export interface UploadRequest {
  patientId: string;
  description: string;
  file: Blob;
  fileName: string;
  /** Idempotency key: a retry after a lost response makes no second scan. */
  key: string;
  onSent: (bytes: number) => void;
  signal: AbortSignal;
}

/** Uploads one scan with progress: fetch has no upload progress, XMLHttpRequest has. */
export function uploadScan(upload: UploadRequest): Promise<{ id: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/scans");
    request.setRequestHeader("Idempotency-Key", upload.key);
    request.upload.onprogress = (event) => upload.onSent(event.loaded);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as { id: string });
      else
        reject(
          reportSignOut(problemOf(request.status, request.responseText, (name) => request.getResponseHeader(name))),
        );
    };
    upload.signal.addEventListener("abort", () => request.abort());
    request.send(formOf(upload));
  });
}

function formOf({ patientId, description, file, fileName }: UploadRequest): FormData {
  const form = new FormData(); // the file last: the gateway knows the patient before the first byte
  form.append("patient_id", patientId);
  form.append("description", description);
  form.append("file", file, fileName);
  return form;
}
