import { useTranslation } from "react-i18next";
import { useFormat } from "@/shared/format/use-format";
import { distanceMm } from "../geometry/affine";
import { type Placing, toScreen } from "../geometry/camera";
import { type Frame, toVoxel } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import type { Measurement } from "../state/viewer-state";
import styles from "./panes.module.css";

interface Props {
  frame: Frame;
  slice: number;
  placing: Placing;
}

/** The distances that were measured on this slice. */
export function Measurements({ frame, slice, placing }: Props) {
  const { state } = useViewing();
  return state.measurements
    .filter((one) => one.plane === frame.plane && one.slice === slice)
    .map((one) => <Line key={one.id} one={one} frame={frame} placing={placing} />);
}

function Line({ one, frame, placing }: { one: Measurement; frame: Frame; placing: Placing }) {
  const { series } = useViewing();
  const { t } = useTranslation("viewer");
  const format = useFormat();
  const [[x, y], [x1, y1]] = [toScreen(placing, one.from), toScreen(placing, one.to)];
  const mm = distanceMm(series.affine, toVoxel(frame, one.from, one.slice), toVoxel(frame, one.to, one.slice));
  return (
    <g className={styles["measure"]} data-testid="measurement">
      <path d={`M${x},${y}L${x1},${y1}`} />
      <circle cx={x} cy={y} r={3} />
      <circle cx={x1} cy={y1} r={3} />
      <text x={x1 + 8} y={y1 - 8}>
        {t("mm", { mm: format.decimal(mm, 1) })}
      </text>
    </g>
  );
}
