import { useMemo } from "react";
import { type Frame, type Plane, sliceOf } from "../geometry/planes";
import { heatTable, paintHeat } from "../overlay/colour-maps";
import { outline } from "../overlay/outline";
import { useViewing } from "../state/viewer-context";
import { sampleLinear } from "../volume/sampling";
import { planeSampling, type Voxels } from "../volume/voxels";
import { greyTable, paintGreys } from "../window/grey-table";
import { renderLayer } from "./canvas-drawing";

export interface Layers {
  readonly grey: OffscreenCanvas | null;
  readonly heat: OffscreenCanvas | null;
  readonly lungs: string | null; // a path in pixels of the plane
  readonly sharp: boolean;
}

/** The layers of a plane at the cursor; each is rendered again only if its inputs have changed. */
export function useLayers(plane: Plane): Layers {
  const { state, frames } = useViewing();
  const frame = frames[plane];
  const slice = sliceOf(frame, state.cursor);
  return { ...useGrey(frame, slice), heat: useHeat(frame, slice), lungs: useLungs(frame, slice) };
}

function useGrey(frame: Frame, slice: number): Pick<Layers, "grey" | "sharp"> {
  const { state, store, version } = useViewing();
  const { center, width } = state.window;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store's content changes with its version
  const cut = useMemo(() => store.cut(frame, slice), [store, version, frame, slice]);
  const table = useMemo(() => greyTable({ center, width }), [center, width]);
  const grey = useMemo(
    () => cut && renderLayer(cut.width, cut.height, (pixels) => paintGreys(cut.hu, table, pixels)),
    [cut, table],
  );
  return { grey, sharp: cut?.sharp ?? false };
}

function useHeat(frame: Frame, slice: number): OffscreenCanvas | null {
  const { state, heat } = useViewing();
  const values = useGridSlice(heat, frame, slice);
  const colours = useMemo(() => heatTable(state.colours, state.opacity), [state.colours, state.opacity]);
  return useMemo(
    () => values && renderLayer(frame.across.count, frame.down.count, (pixels) => paintHeat(values, colours, pixels)),
    [values, colours, frame],
  );
}

function useLungs(frame: Frame, slice: number): string | null {
  const mask = useGridSlice(useViewing().lungs, frame, slice);
  return useMemo(() => mask && outline(mask, frame.across.count, frame.down.count), [mask, frame]);
}

function useGridSlice(grid: Voxels | null, frame: Frame, slice: number): Float32Array | null {
  const { series } = useViewing();
  return useMemo(() => {
    if (!grid) return null;
    const extent = { width: frame.across.count, height: frame.down.count };
    return sampleLinear(grid, planeSampling(frame, slice, series.affine, grid.affine), extent);
  }, [grid, frame, slice, series]);
}
