import { body, calls } from "@/shared/api/client";
import { getBytes } from "@/shared/api/http";
import { type Series, seriesOf } from "../geometry/series";
import { HuStore } from "../volume/hu-store";
import { BUDGET_BYTES, finestStep, type Step } from "../volume/memory-budget";
import { DecodeFailure } from "../volume/nifti";
import { readVoxels } from "../volume/streaming";
import type { Voxels } from "../volume/voxels";
import { opened } from "./timing";
import { type StudyReference, slicePath, volumePath } from "./urls";

const COARSE: Step = 4;
const PUBLISH_EVERY_MS = 150; // a volume arrives in hundreds of pieces; redrawing the planes for each is not needed

/** The data loaded so far. `version` increases with every slice. */
export interface Loaded {
  readonly store: HuStore | null;
  readonly studyUid: string | null;
  readonly keySlice: number | null; // of the newest report
  readonly first: number; // the first requested slice
  readonly version: number;
  readonly share: number; // of the finest volume, 0 to 1
  readonly step: Step | null; // of the finest volume within the memory limit; null if none fits
  readonly problem: unknown;
}

export const NOTHING: Loaded = {
  store: null,
  studyUid: null,
  keySlice: null,
  first: 0,
  version: 0,
  share: 0,
  step: null,
  problem: null,
};

/** Loads one series: the first slice, then a coarse volume, then the finest one that fits. */
export class SeriesLoading {
  private loaded = NOTHING;
  private readonly listeners = new Set<() => void>();
  private readonly stop = new AbortController();
  private pending: { slice: number; stop: AbortController } | null = null;
  private publishedAt = 0;

  constructor(
    private readonly study: StudyReference,
    private readonly firstRequested: number | null,
  ) {}

  readonly snapshot = (): Loaded => this.loaded;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  async start(): Promise<void> {
    opened();
    try {
      const series = await this.firstSlice();
      await this.volumes(series);
    } catch (error) {
      if (!this.stop.signal.aborted) this.publish({ problem: error });
    }
  }

  close(): void {
    this.stop.abort();
    this.pending?.stop.abort();
  }

  /** Loads one slice before the volume reaches it; cancels the previous request. */
  async requestSlice(slice: number): Promise<void> {
    const { store } = this.loaded;
    if (!store || store.hasSlice(slice) || this.pending?.slice === slice) return;
    this.pending?.stop.abort();
    const stop = new AbortController();
    this.pending = { slice, stop };
    try {
      store.addSlice(slice, await this.slice(slice, store.series, stop.signal));
      this.publish({});
    } catch (error) {
      if (!stop.signal.aborted) this.publish({ problem: error });
    } finally {
      if (this.pending?.stop === stop) this.pending = null;
    }
  }

  private async firstSlice(): Promise<Series> {
    const { signal } = this.stop;
    // If the slice is known already, it is requested together with the series.
    const early =
      this.firstRequested === null ? null : getBytes(slicePath(this.study, this.firstRequested), { signal });
    early?.catch(() => undefined); // handled below, after the series, whose problem has more detail
    const shown = await this.shown();
    const series = seriesOf(shown.grid);
    const first = this.firstRequested ?? shown.key_slice ?? Math.floor(series.shape[2] / 2);
    const store = new HuStore(series);
    const hu = early ? checked(await (await early).arrayBuffer(), series) : await this.slice(first, series, signal);
    store.addSlice(first, hu);
    this.publish({ store, first, studyUid: shown.study_uid, keySlice: shown.key_slice, step: finestStep(series) });
    return series;
  }

  private shown() {
    const { scanId, studyUid } = this.study;
    const params = { path: { scan_id: scanId }, query: { study_uid: studyUid } };
    return body(calls.GET("/api/scans/{scan_id}/series", { params, signal: this.stop.signal }));
  }

  private async volumes(series: Series): Promise<void> {
    const step = finestStep(series);
    if (step === null) return;
    const coarse = step < COARSE ? await this.volume(COARSE, []) : null;
    await this.volume(step, coarse ? [coarse] : []);
  }

  private async volume(step: Step, coarser: readonly Voxels[]): Promise<Voxels> {
    const response = await getBytes(volumePath(this.study, step), { signal: this.stop.signal });
    const whole = await readVoxels(response, BUDGET_BYTES, (voxels) => this.filled(voxels, coarser));
    // A complete volume replaces the coarser one.
    this.loaded.store?.setVolumes([whole]);
    this.publish({ share: step === this.loaded.step ? 1 : this.loaded.share });
    return whole;
  }

  private filled(voxels: Voxels, coarser: readonly Voxels[]): void {
    this.loaded.store?.setVolumes([...coarser, voxels]);
    if (performance.now() - this.publishedAt < PUBLISH_EVERY_MS) return;
    this.publishedAt = performance.now();
    this.publish(coarser.length ? { share: voxels.filled / voxels.shape[2] } : {});
  }

  private async slice(slice: number, series: Series, signal: AbortSignal): Promise<Int16Array> {
    const response = await getBytes(slicePath(this.study, slice), { signal });
    return checked(await response.arrayBuffer(), series);
  }

  private publish(changes: Partial<Loaded>): void {
    this.loaded = { ...this.loaded, ...changes, version: this.loaded.version + 1 };
    for (const listener of this.listeners) listener();
  }
}

function checked(body: ArrayBuffer, { shape }: Series): Int16Array {
  if (body.byteLength !== shape[0] * shape[1] * 2) throw new DecodeFailure("a slice of another size");
  return new Int16Array(body);
}
