import { noticed } from "./http";
import { problemOf, unreachable } from "./problem";

export interface UploadAsked {
  patientId: string;
  description: string;
  file: Blob;
  fileName: string;
  /** The same key sends the same upload: a retry after a lost answer makes no second scan. */
  key: string;
  onSent: (bytes: number) => void;
  signal: AbortSignal;
}

/** Sends one scan and tells how far it is; fetch has no progress of what is sent, XMLHttpRequest has. */
export function uploadScan(asked: UploadAsked): Promise<{ id: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/scans");
    request.setRequestHeader("Idempotency-Key", asked.key);
    request.upload.onprogress = (event) => asked.onSent(event.loaded);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as { id: string });
      else reject(noticed(problemOf(request.status, request.responseText, (name) => request.getResponseHeader(name))));
    };
    asked.signal.addEventListener("abort", () => request.abort());
    request.send(formOf(asked));
  });
}

function formOf({ patientId, description, file, fileName }: UploadAsked): FormData {
  const form = new FormData(); // the file last: what it belongs to is known before its first byte
  form.append("patient_id", patientId);
  form.append("description", description);
  form.append("file", file, fileName);
  return form;
}
