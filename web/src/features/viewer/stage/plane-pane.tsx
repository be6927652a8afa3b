import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Vec3 } from "../geometry/affine";
import { place } from "../geometry/camera";
import { type Plane, sliceOf } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import { presetOf } from "../window/windows";
import { Marks } from "./marks";
import { Readout } from "./readout";
import { SliceCanvas } from "./slice-canvas";
import { SliceSlider } from "./slice-slider";
import styles from "./stage.module.css";
import { usePointer } from "./use-pointer";
import { useSheets } from "./use-sheets";
import { useSize } from "./use-size";

/** One plane of the series: its slice at the cursor with all that lies over it. */
export function PlanePane({ plane }: { plane: Plane }) {
  const { state, frames } = useViewing();
  const surface = useRef<HTMLDivElement>(null);
  const size = useSize(surface);
  const frame = frames[plane];
  const placing = useMemo(() => place(frame, state.cameras[plane], size), [frame, state.cameras, plane, size]);
  const [hover, setHover] = useState<Vec3 | null>(null);
  const [lost, setLost] = useState(false);
  const sheets = useSheets(plane);
  usePointer(surface, { frame, placing, size, onHover: setHover });
  const { t } = useTranslation("viewer");
  return (
    <div className={styles["pane"]} data-plane={plane} data-sharp={sheets.sharp}>
      <div ref={surface} className={styles["surface"]} data-tool={state.tool} role="img" aria-label={useLabel(plane)}>
        <SliceCanvas sheets={sheets} placing={placing} size={size} onLost={setLost} />
        <Marks plane={plane} placing={placing} size={size} lungs={sheets.lungs} />
        <Readout plane={plane} hover={hover} sharp={sheets.sharp} />
        {(lost || !sheets.grey) && <div className={styles["veil"]}>{t(lost ? "problems.lost" : "loading")}</div>}
      </div>
      <SliceSlider plane={plane} />
    </div>
  );
}

/** The pane in words, for those who do not see it. */
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
