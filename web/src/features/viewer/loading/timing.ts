/** Time since the viewer opened; read by tests and by the benchmark of the first slice. */
export const OPENED = "viewer-opened";
export const FIRST_SLICE = "viewer-first-slice";

export function opened(): void {
  performance.clearMeasures(FIRST_SLICE);
  performance.mark(OPENED);
}

/** Measure since the viewer opened, the first time only. */
export function noteOnce(name: string): void {
  if (performance.getEntriesByName(name).length || !performance.getEntriesByName(OPENED).length) return;
  performance.measure(name, OPENED);
}
