import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Vec3 } from "../geometry/affine";
import { place } from "../geometry/camera";
import { type Plane, sliceOf } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import { presetOf } from "../window/windows";
import { Annotations } from "./annotations";
import styles from "./panes.module.css";
import { Readout } from "./readout";
import { SliceCanvas } from "./slice-canvas";
import { SliceSlider } from "./slice-slider";
import { useLayers } from "./use-layers";
import { usePointer } from "./use-pointer";
import { useSize } from "./use-size";

/** One plane of the series: the slice at the cursor with its overlays. */
export function PlanePane({ plane }: { plane: Plane }) {
  const { state, frames } = useViewing();
  const surface = useRef<HTMLDivElement>(null);
  const size = useSize(surface);
  const frame = frames[plane];
  const placing = useMemo(() => place(frame, state.cameras[plane], size), [frame, state.cameras, plane, size]);
  const [hover, setHover] = useState<Vec3 | null>(null);
  const [lost, setLost] = useState(false);
  const layers = useLayers(plane);
  usePointer(surface, { frame, placing, size, onHover: setHover });
  const { t } = useTranslation("viewer");
  return (
    <div className={styles["pane"]} data-plane={plane} data-sharp={layers.sharp}>
      <div ref={surface} className={styles["surface"]} data-tool={state.tool} role="img" aria-label={useLabel(plane)}>
        <SliceCanvas layers={layers} placing={placing} size={size} onLost={setLost} />
        <Annotations plane={plane} placing={placing} size={size} lungs={layers.lungs} />
        <Readout plane={plane} hover={hover} sharp={layers.sharp} />
        {(lost || !layers.grey) && <div className={styles["veil"]}>{t(lost ? "problems.lost" : "loading")}</div>}
      </div>
      <SliceSlider plane={plane} />
    </div>
  );
}

/** A text for screen readers. */
function useLabel(plane: Plane): string {
  const { state, frames } = useViewing();
  const { t } = useTranslation("viewer");
  const { center, width } = state.window;
  const named = presetOf(state.window);
  const frame = frames[plane];
  return t("pane", {
    plane: t(`planes.${plane}`),
    slice: sliceOf(frame, state.cursor) + 1,
    slices: frame.through.count,
    window: named ? t(`presets.${named}`) : `${width} / ${center}`,
    over: state.heatmap ? t(`heatmaps.${state.heatmap}`) : t("heatmaps.none"),
  });
}
