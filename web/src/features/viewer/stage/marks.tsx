import type { Placing, Size } from "../geometry/camera";
import { toScreen } from "../geometry/camera";
import { type Frame, type Plane, sliceOf, toPixel } from "../geometry/planes";
import { planesOf } from "../state/changes";
import { useViewing } from "../state/viewer-context";
import { BoxMark } from "./box-mark";
import { MeasureMarks } from "./measure-marks";
import styles from "./stage.module.css";

interface Shown {
  plane: Plane;
  placing: Placing;
  size: Size;
  lungs: string | null;
}

/** Lines and letters over a slice: they stay thin and sharp at any zoom. */
export function Marks({ plane, placing, size, lungs }: Shown) {
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
        <BoxMark frame={frame} placing={placing} />
        {crossed && <Crosshair frame={frame} placing={placing} size={size} />}
        <MeasureMarks frame={frame} slice={sliceOf(frame, state.cursor)} placing={placing} />
      </svg>
      {(["left", "right", "top", "bottom"] as const).map((side) => (
        <span key={side} className={styles["letter"]} data-side={side}>
          {frame.letters[side]}
        </span>
      ))}
    </>
  );
}

const GAP_PX = 14; // what lies under the crosshair stays to be seen

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
