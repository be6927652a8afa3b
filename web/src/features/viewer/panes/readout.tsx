import { useTranslation } from "react-i18next";
import { useFormat } from "@/shared/format/use-format";
import type { Vec3 } from "../geometry/affine";
import { type Plane, sliceMm, sliceOf } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import { presetOf } from "../window/windows";
import styles from "./panes.module.css";

interface Props {
  plane: Plane;
  hover: Vec3 | null;
  sharp: boolean;
}

/** Texts in the corners of a pane: plane, window, slice, HU. */
export function Readout({ plane, hover, sharp }: Props) {
  const { state, frames, series } = useViewing();
  const { t } = useTranslation("viewer");
  const format = useFormat();
  const frame = frames[plane];
  const slice = sliceOf(frame, state.cursor);
  const { center, width } = state.window;
  const named = presetOf(state.window);
  return (
    <>
      <div className={styles["topLeft"]}>
        <span>{t(`planes.${plane}`)}</span>
        {!sharp && <span className={styles["faint"]}>{t("coarse")}</span>}
      </div>
      <div className={styles["topRight"]}>
        <span>{t("window", { width, center })}</span>
        {named && <span className={styles["faint"]}>{t(`presets.${named}`)}</span>}
      </div>
      <div className={styles["bottomLeft"]}>
        <span>{t("sliceNumber", { slice: slice + 1, slices: frame.through.count })}</span>
        <span className={styles["faint"]}>{t("atMm", { mm: format.decimal(sliceMm(frame, series, slice), 1) })}</span>
      </div>
      <div className={styles["bottomRight"]} data-testid={`hu-${plane}`}>
        {hover && <VoxelReadout voxel={hover} />}
      </div>
    </>
  );
}

function VoxelReadout({ voxel }: { voxel: Vec3 }) {
  const { store } = useViewing();
  const { t } = useTranslation("viewer");
  const hu = store.huAt(voxel);
  const [column, row, slice] = voxel.map((at) => Math.round(at) + 1);
  return (
    <>
      <span>{hu === null ? t("noHu") : t("hu", { hu })}</span>
      <span className={styles["faint"]}>{t("voxel", { column, row, slice })}</span>
    </>
  );
}
