import { createContext, useContext } from "react";
import type { Frame, Plane } from "../geometry/planes";
import type { Series } from "../geometry/series";
import type { HuStore } from "../volume/hu-store";
import type { Voxels } from "../volume/voxels";
import type { SliceEvidence } from "./evidence";
import type { Change, ViewerState } from "./viewer-state";

/** The viewer's shared state: the user's choices and the loaded data. */
export interface Viewing {
  readonly state: ViewerState;
  readonly apply: (change: Change) => void;
  readonly series: Series;
  readonly frames: Readonly<Record<Plane, Frame>>;
  readonly store: HuStore;
  readonly version: number; // of the store
  readonly heat: Voxels | null;
  readonly lungs: Voxels | null;
  readonly evidence: SliceEvidence | null;
  readonly keySlice: number | null;
}

export const ViewingContext = createContext<Viewing | null>(null);

export function useViewing(): Viewing {
  const viewing = useContext(ViewingContext);
  if (viewing === null) throw new Error("a part of the viewer outside of it");
  return viewing;
}
