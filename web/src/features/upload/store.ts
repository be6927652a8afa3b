import { useSyncExternalStore } from "react";
import { carry, type Hands } from "./carry";
import type { Parcel } from "./gather";
import { isOver, isWorking, type Step, type Upload } from "./uploads";

const AT_ONCE = 2; // packing and sending; what is analysed is the queue's business

type Wishes = Pick<Upload, "patientId" | "description" | "urgent">;

/** The uploads of this session. They go on while the reader looks at other pages. */
class Uploads {
  #all: readonly Upload[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #stops = new Map<string, AbortController>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly all = (): readonly Upload[] => this.#all;

  add(parcels: readonly Parcel[], wishes: Wishes): string[] {
    const added = parcels.map((parcel) => ({
      ...wishes,
      parcel,
      key: crypto.randomUUID(),
      step: { at: "waiting" } as const,
    }));
    this.#set([...added, ...this.#all]);
    this.#next();
    return added.map(({ key }) => key);
  }

  retry(key: string): void {
    const upload = this.#find(key);
    if (upload?.step.at === "failed" && upload.step.scanId !== null) void this.#carry(upload, upload.step.scanId);
    else this.#move(key, { at: "waiting" });
    this.#next();
  }

  stop(key: string): void {
    this.#stops.get(key)?.abort();
    this.#move(key, { at: "stopped" });
  }

  forget(key: string): void {
    this.#set(this.#all.filter((upload) => upload.key !== key));
  }

  forgetOver(): void {
    this.#set(this.#all.filter((upload) => !isOver(upload)));
  }

  /** Starts the oldest that waits, as long as there is a free hand. */
  #next(): void {
    const busy = this.#all.filter(isWorking).length;
    const waiting = this.#all.filter(({ step }) => step.at === "waiting").reverse();
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - busy))) void this.#carry(upload, null);
  }

  async #carry(upload: Upload, scanId: string | null): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(upload.key, stop);
    const hands: Hands = {
      signal: stop.signal,
      tell: (step) => {
        if (!stop.signal.aborted) this.#move(upload.key, step);
        if (step.at !== "packing" && step.at !== "sending") this.#next();
      },
    };
    await carry(upload, scanId, hands);
  }

  #find(key: string): Upload | undefined {
    return this.#all.find((upload) => upload.key === key);
  }

  #move(key: string, step: Step): void {
    this.#set(this.#all.map((upload) => (upload.key === key ? { ...upload, step } : upload)));
  }

  #set(all: readonly Upload[]): void {
    this.#all = all;
    for (const listener of this.#listeners) listener();
  }
}

export const uploads = new Uploads();

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.subscribe, uploads.all);
}

// A tab that is closed loses what has not been sent; the browser asks first.
addEventListener("beforeunload", (event) => {
  if (uploads.all().some((upload) => isWorking(upload) || upload.step.at === "waiting")) event.preventDefault();
});
