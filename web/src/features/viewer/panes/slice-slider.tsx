import { useTranslation } from "react-i18next";
import { type Plane, sliceOf } from "../geometry/planes";
import { toSlice } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import styles from "./panes.module.css";

/** Which slice of the plane is shown; up is towards the head, the front or the patient's right. */
export function SliceSlider({ plane }: { plane: Plane }) {
  const { state, frames, apply } = useViewing();
  const { t } = useTranslation("viewer");
  const frame = frames[plane];
  const slice = sliceOf(frame, state.cursor);
  const { count } = frame.through;
  const upwards = plane === "axial"; // slice 1 is nearest to the feet, so it is at the bottom
  return (
    <input
      type="range"
      className={styles["slider"]}
      data-upwards={upwards}
      min={1}
      max={count}
      value={slice + 1}
      aria-label={t("sliceOf", { plane: t(`planes.${plane}`) })}
      aria-valuetext={t("sliceNumber", { slice: slice + 1, slices: count })}
      onChange={(event) => apply(toSlice(frame, event.currentTarget.valueAsNumber - 1))}
    />
  );
}
