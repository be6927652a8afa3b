import { useEffect, useRef } from "react";
import type { ViewerRequest } from "@/shared/viewing/viewer-slot";
import { set, toSlice } from "./state-changes";
import type { Viewing } from "./viewer-context";

const REPORT_AFTER_MS = 400; // the URL follows when scrolling stops

/** Keeps the shown slice and the slice in the page's URL equal, in both directions. */
export function useSliceSync(
  { apply, frames, evidence }: Viewing,
  { slice: requested, onSlice }: ViewerRequest,
  shown: number,
): void {
  const lastReported = useRef(requested);
  const moved = useRef(shown);
  const report = useRef(onSlice);
  report.current = onSlice;
  useEffect(() => {
    if (requested === null || requested === lastReported.current) return;
    lastReported.current = requested;
    apply(toSlice(frames.axial, requested));
  }, [requested, apply, frames]);
  useEffect(() => {
    if (shown === moved.current) return;
    const timer = setTimeout(() => {
      moved.current = shown;
      lastReported.current = shown;
      report.current(shown);
    }, REPORT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  // A report that arrives after the series: show its key slice, unless the user has already scrolled.
  const first = useRef(shown);
  const evidenceShown = useRef(requested !== null || evidence !== null);
  useEffect(() => {
    if (evidence === null || evidenceShown.current) return;
    evidenceShown.current = true;
    if (shown !== first.current) return;
    apply(toSlice(frames.axial, evidence.keySlice));
    if (evidence.box) apply(set({ heatmap: evidence.decisive }));
  }, [evidence, shown, apply, frames]);
}
