import { body, calls } from "@/shared/api/client";
import { getBytes } from "@/shared/api/http";
import { type Series, seriesOf } from "../geometry/series";
import { BUDGET_BYTES, finestStep, type Step } from "../volume/budget";
import { DecodeFailure } from "../volume/nifti";
import { HuStore } from "../volume/store";
import { readVoxels } from "../volume/streaming";
import type { Voxels } from "../volume/voxels";
import { type Looked, slicePath, volumePath } from "./addresses";
import { opened } from "./timing";

const COARSE: Step = 4;
const TOLD_EVERY_MS = 150; // a volume comes in hundreds of pieces; the planes need not be drawn for each

/** What has come so far. `version` grows with every slice; a `problem` before the first slice leaves nothing to show. */
export interface Loaded {
  readonly store: HuStore | null;
  readonly studyUid: string | null;
  readonly keySlice: number | null; // of the newest report
  readonly first: number; // the slice that was asked for first
  readonly version: number;
  readonly share: number; // of the finest volume, 0 to 1
  readonly step: Step | null; // of the finest volume that fits into memory; null when none does
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

/** One series on its way: the first slice at once, then a coarse volume, then the finest one that fits. */
export class SeriesLoading {
  private loaded = NOTHING;
  private readonly listeners = new Set<() => void>();
  private readonly stop = new AbortController();
  private wanted: { slice: number; stop: AbortController } | null = null;
  private toldAt = 0;

  constructor(
    private readonly looked: Looked,
    private readonly asked: number | null,
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
      if (!this.stop.signal.aborted) this.tell({ problem: error });
    }
  }

  close(): void {
    this.stop.abort();
    this.wanted?.stop.abort();
  }

  /** Read one slice before its turn, as it is stored; the one asked for before is given up. */
  async want(slice: number): Promise<void> {
    const { store } = this.loaded;
    if (!store || store.hasSlice(slice) || this.wanted?.slice === slice) return;
    this.wanted?.stop.abort();
    const stop = new AbortController();
    this.wanted = { slice, stop };
    try {
      store.addSlice(slice, await this.slice(slice, store.series, stop.signal));
      this.tell({});
    } catch (error) {
      if (!stop.signal.aborted) this.tell({ problem: error });
    } finally {
      if (this.wanted?.stop === stop) this.wanted = null;
    }
  }

  private async firstSlice(): Promise<Series> {
    const { signal } = this.stop;
    // Where the slice is known already, it is asked for beside the series, not after it.
    const early = this.asked === null ? null : getBytes(slicePath(this.looked, this.asked), { signal });
    early?.catch(() => undefined); // looked at below, after the series, whose own problem tells more
    const shown = await this.shown();
    const series = seriesOf(shown.grid);
    const first = this.asked ?? shown.key_slice ?? Math.floor(series.shape[2] / 2);
    const store = new HuStore(series);
    const hu = early ? checked(await (await early).arrayBuffer(), series) : await this.slice(first, series, signal);
    store.addSlice(first, hu);
    this.tell({ store, first, studyUid: shown.study_uid, keySlice: shown.key_slice, step: finestStep(series) });
    return series;
  }

  private shown() {
    const { scanId, studyUid } = this.looked;
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
    const response = await getBytes(volumePath(this.looked, step), { signal: this.stop.signal });
    const whole = await readVoxels(response, BUDGET_BYTES, (voxels) => this.filled(voxels, coarser));
    // A grid that is there whole needs the coarser one no longer.
    this.loaded.store?.setVolumes([whole]);
    this.tell({ share: step === this.loaded.step ? 1 : this.loaded.share });
    return whole;
  }

  private filled(voxels: Voxels, coarser: readonly Voxels[]): void {
    this.loaded.store?.setVolumes([...coarser, voxels]);
    if (performance.now() - this.toldAt < TOLD_EVERY_MS) return;
    this.toldAt = performance.now();
    this.tell(coarser.length ? { share: voxels.filled / voxels.shape[2] } : {});
  }

  private async slice(slice: number, series: Series, signal: AbortSignal): Promise<Int16Array> {
    const response = await getBytes(slicePath(this.looked, slice), { signal });
    return checked(await response.arrayBuffer(), series);
  }

  private tell(news: Partial<Loaded>): void {
    this.loaded = { ...this.loaded, ...news, version: this.loaded.version + 1 };
    for (const listener of this.listeners) listener();
  }
}

function checked(body: ArrayBuffer, { shape }: Series): Int16Array {
  if (body.byteLength !== shape[0] * shape[1] * 2) throw new DecodeFailure("a slice of another size");
  return new Int16Array(body);
}
