import { type Placing, toScreen } from "../geometry/camera";
import { type Frame, sliceOf, toPixel } from "../geometry/planes";
import { useViewing } from "../state/viewer-context";
import styles from "./panes.module.css";

/** The report's localisation on the slices that it covers; shown with the map that it was computed from. */
export function LocalisationBox({ frame, placing }: { frame: Frame; placing: Placing }) {
  const { state, evidence } = useViewing();
  const box = evidence?.decisive === state.heatmap ? evidence?.box : null;
  if (!box) return null;
  const [columns, rows, slices] = box;
  const corners = [0, 1].map((at) => [columns[at] ?? 0, rows[at] ?? 0, slices[at] ?? 0] as const);
  const through = corners.map((corner) => sliceOf(frame, corner));
  const slice = sliceOf(frame, state.cursor);
  if (slice < Math.min(...through) || slice > Math.max(...through)) return null;
  const pixels = corners.map((corner) => toPixel(frame, corner));
  const [left, right] = [Math.min(...pixels.map(([u]) => u)) - 0.5, Math.max(...pixels.map(([u]) => u)) + 0.5];
  const [top, bottom] = [Math.min(...pixels.map(([, v]) => v)) - 0.5, Math.max(...pixels.map(([, v]) => v)) + 0.5];
  const [x, y] = toScreen(placing, [left, top]);
  const [x1, y1] = toScreen(placing, [right, bottom]);
  return (
    <rect className={styles["box"]} x={x} y={y} width={x1 - x} height={y1 - y} rx={3} data-testid="localisation" />
  );
}
