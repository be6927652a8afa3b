import { useSyncExternalStore } from "react";
import type { ScanFiles } from "./scan-files";
import { type UploadCallbacks, uploadAndAnalyse } from "./upload-and-analyse";
import { isEnded, isWorking, type Step, type Upload } from "./upload-step";

const MAX_ACTIVE = 2; // zipping and sending; analyses wait in the job queue

type UploadOptions = Pick<Upload, "patientId" | "description" | "urgent">;

/** The uploads of this session. They continue while the user is on other pages. */
class UploadQueue {
  #all: readonly Upload[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #stops = new Map<string, AbortController>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly all = (): readonly Upload[] => this.#all;

  add(scans: readonly ScanFiles[], options: UploadOptions): string[] {
    const added = scans.map((scanFiles) => ({
      ...options,
      scanFiles,
      key: crypto.randomUUID(),
      step: { at: "waiting" } as const,
    }));
    this.#publish([...added, ...this.#all]);
    this.#next();
    return added.map(({ key }) => key);
  }

  retry(key: string): void {
    const upload = this.#find(key);
    if (upload?.step.at === "failed" && upload.step.scanId !== null) void this.#run(upload, upload.step.scanId);
    else this.#setStep(key, { at: "waiting" });
    this.#next();
  }

  stop(key: string): void {
    this.#stops.get(key)?.abort();
    this.#setStep(key, { at: "stopped" });
  }

  remove(key: string): void {
    this.#publish(this.#all.filter((upload) => upload.key !== key));
  }

  removeEnded(): void {
    this.#publish(this.#all.filter((upload) => !isEnded(upload)));
  }

  /** Starts the oldest waiting uploads up to MAX_ACTIVE. */
  #next(): void {
    const active = this.#all.filter(isWorking).length;
    const waiting = this.#all.filter(({ step }) => step.at === "waiting").reverse();
    for (const upload of waiting.slice(0, Math.max(0, MAX_ACTIVE - active))) void this.#run(upload, null);
  }

  async #run(upload: Upload, scanId: string | null): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(upload.key, stop);
    const callbacks: UploadCallbacks = {
      signal: stop.signal,
      onStep: (step) => {
        if (!stop.signal.aborted) this.#setStep(upload.key, step);
        if (step.at !== "zipping" && step.at !== "sending") this.#next();
      },
    };
    await uploadAndAnalyse(upload, scanId, callbacks);
  }

  #find(key: string): Upload | undefined {
    return this.#all.find((upload) => upload.key === key);
  }

  #setStep(key: string, step: Step): void {
    this.#publish(this.#all.map((upload) => (upload.key === key ? { ...upload, step } : upload)));
  }

  #publish(all: readonly Upload[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener();
  }
}

export const uploads = new UploadQueue();

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.subscribe, uploads.all);
}

// Closing the tab cancels unsent uploads; the browser asks for confirmation first.
addEventListener("beforeunload", (event) => {
  if (uploads.all().some((upload) => isWorking(upload) || upload.step.at === "waiting")) event.preventDefault();
});
