import type { Placing, Size } from "../geometry/camera";
import { toScreen } from "../geometry/camera";
import { type Frame, type Plane, sliceOf, toPixel } from "../geometry/planes";
import { planesOf } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import { LocalisationBox } from "./localisation-box";
import { Measurements } from "./measurements";
import styles from "./panes.module.css";

interface Props {
  plane: Plane;
  placing: Placing;
  size: Size;
  lungs: string | null;
}

/** Lines and letters over a slice: they stay thin and sharp at any zoom. */
export function Annotations({ plane, placing, size, lungs }: Props) {
  const { state, frames } = useViewing();
  const frame = frames[plane];
  const { scale, offset } = placing;
  const crossed = state.crosshair && (planesOf(state.layout).length > 1 || state.tool === "crosshair");
  return (
    <>
      <svg className={styles["marks"]} width={size.width} height={size.height} aria-hidden="true">
        {lungs && (
          <path
            d={lungs}
            className={styles["lungs"]}
            data-testid="lung-outline"
            transform={`translate(${offset[0]} ${offset[1]}) scale(${scale[0]} ${scale[1]})`}
          />
        )}
        <LocalisationBox frame={frame} placing={placing} />
        {crossed && <Crosshair frame={frame} placing={placing} size={size} />}
        <Measurements frame={frame} slice={sliceOf(frame, state.cursor)} placing={placing} />
      </svg>
      {(["left", "right", "top", "bottom"] as const).map((side) => (
        <span key={side} className={styles["letter"]} data-side={side}>
          {frame.letters[side]}
        </span>
      ))}
    </>
  );
}

const GAP_PX = 14; // the crosshair leaves its centre free

function Crosshair({ frame, placing, size }: { frame: Frame; placing: Placing; size: Size }) {
  const { state } = useViewing();
  const [x, y] = toScreen(placing, toPixel(frame, state.cursor));
  return (
    <g className={styles["crosshair"]}>
      <path
        d={`M0,${y}H${x - GAP_PX}M${x + GAP_PX},${y}H${size.width}M${x},0V${y - GAP_PX}M${x},${y + GAP_PX}V${size.height}`}
      />
    </g>
  );
}
