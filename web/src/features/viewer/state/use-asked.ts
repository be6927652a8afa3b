import { useEffect, useRef } from "react";
import type { Viewing as Asked } from "@/shared/viewing/slot";
import { toSlice } from "./changes";
import type { Viewing } from "./viewer-context";

const TOLD_AFTER_MS = 400; // the address follows when the reader stays, not while slices fly by

/** Keeps the slice that is shown and the one in the page's address together, whichever of the two moved. */
export function useAsked({ apply, frames, keySlice }: Viewing, { slice: asked, onSlice }: Asked, shown: number): void {
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
  // A report that came after the series: its key slice is where to look, unless the reader is on the way already.
  const first = useRef(shown);
  const pointed = useRef(asked !== null || keySlice === shown);
  useEffect(() => {
    if (keySlice === null || pointed.current) return;
    pointed.current = true;
    if (shown === first.current) apply(toSlice(frames.axial, keySlice));
  }, [keySlice, shown, apply, frames]);
}
