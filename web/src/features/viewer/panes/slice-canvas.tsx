import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Placing, Size } from "../geometry/camera";
import { FIRST_SLICE, noteOnce } from "../loading/timing";
import { draw } from "./canvas-drawing";
import styles from "./panes.module.css";
import type { Layers } from "./use-layers";

interface Props {
  layers: Layers;
  placing: Placing;
  size: Size;
  onLost: (lost: boolean) => void;
}

/** The pixels of one plane. */
export function SliceCanvas({ layers, placing, size, onLost }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [restored, setRestored] = useState(0);
  const { grey, heat } = layers;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas that the browser gave back is empty
  useLayoutEffect(() => {
    if (!canvas.current || !grey || size.width === 0) return;
    const drawn = draw(canvas.current, heat ? [grey, heat] : [grey], placing, size);
    onLost(!drawn);
    if (drawn) noteOnce(FIRST_SLICE);
  }, [grey, heat, placing, size, restored, onLost]);
  useEffect(() => {
    const element = canvas.current;
    const lost = () => onLost(true);
    const back = () => setRestored((times) => times + 1);
    element?.addEventListener("contextlost", lost);
    element?.addEventListener("contextrestored", back);
    return () => {
      element?.removeEventListener("contextlost", lost);
      element?.removeEventListener("contextrestored", back);
    };
  }, [onLost]);
  return <canvas ref={canvas} className={styles["canvas"]} />;
}
