import { useEffect, useRef } from "react";
import type { Viewing as Asked } from "@/shared/viewing/slot";
import { set, toSlice } from "./changes";
import type { Viewing } from "./viewer-context";

const TOLD_AFTER_MS = 400; // the address follows when the reader stays, not while slices fly by

/** Keeps the slice that is shown and the one in the page's address together, whichever of the two moved. */
export function useAsked({ apply, frames, evidence }: Viewing, { slice: asked, onSlice }: Asked, shown: number): void {
  const told = useRef(asked);
  const moved = useRef(shown);
  const tell = useRef(onSlice);
  tell.current = onSlice;
  useEffect(() => {
    if (asked === null || asked === told.current) return;
    told.current = asked;
    apply(toSlice(frames.axial, asked));
  }, [asked, apply, frames]);
  useEffect(() => {
    if (shown === moved.current) return;
    const timer = setTimeout(() => {
      moved.current = shown;
      told.current = shown;
      tell.current(shown);
    }, TOLD_AFTER_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  // A report that came after the series: its evidence is what to look at, unless the reader is on the way already.
  const first = useRef(shown);
  const pointed = useRef(asked !== null || evidence !== null);
  useEffect(() => {
    if (evidence === null || pointed.current) return;
    pointed.current = true;
    if (shown !== first.current) return;
    apply(toSlice(frames.axial, evidence.keySlice));
    if (evidence.box) apply(set({ heatmap: evidence.decisive }));
  }, [evidence, shown, apply, frames]);
}
