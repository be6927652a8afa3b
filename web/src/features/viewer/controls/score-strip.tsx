import { type KeyboardEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { SliceScore } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { sliceOf } from "../geometry/planes";
import { scoreColour, shares } from "../overlay/score-colours";
import { toSlice } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import styles from "./controls.module.css";

/** The score of each analysed slice, from the feet to the head; a bar opens its slice. */
export function ScoreStrip({ scores }: { scores: readonly SliceScore[] }) {
  const { state, apply, frames } = useViewing();
  const { t } = useTranslation("viewer");
  const strip = useRef<HTMLDivElement>(null);
  const slices = frames.axial.through.count;
  const now = sliceOf(frames.axial, state.cursor);
  const nearest = nearestOf(scores, now);
  const heights = shares(scores.map(({ score }) => score));
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && scores[nearest + step];
    if (!next) return;
    event.preventDefault();
    apply(toSlice(frames.axial, next.slice));
    strip.current?.querySelectorAll("button")[nearest + step]?.focus();
  };
  return (
    <div ref={strip} className={styles["strip"]} role="toolbar" aria-label={t("scores.label")} onKeyDown={walk}>
      <span className={styles["stripEnd"]}>{t("scores.feet")}</span>
      <div className={styles["bars"]}>
        {scores.map((one, at) => (
          <ScoreBar
            key={one.slice}
            one={one}
            share={heights[at] ?? 0}
            slices={slices}
            step={stepOf(scores)}
            focusable={at === nearest}
          />
        ))}
        <div className={styles["now"]} style={{ left: `${((now + 0.5) / slices) * 100}%` }} />
      </div>
      <span className={styles["stripEnd"]}>{t("scores.head")}</span>
    </div>
  );
}

interface BarProps {
  one: SliceScore;
  share: number;
  slices: number;
  step: number;
  focusable: boolean;
}

function ScoreBar({ one, share, slices, step, focusable }: BarProps) {
  const { apply, frames, keySlice, state } = useViewing();
  const { t } = useTranslation("viewer");
  const format = useFormat();
  const { slice, score } = one;
  const key = slice === keySlice;
  const name = t(key ? "scores.keyBar" : "scores.bar", { slice: slice + 1, score: format.decimal(score) });
  const label = one.test_time_views ? `${name}, ${t("scores.testTimeViews")}` : name;
  return (
    <button
      type="button"
      className={styles["scoreBar"]}
      data-key={key}
      data-test-time={one.test_time_views || undefined}
      tabIndex={focusable ? 0 : -1}
      title={label}
      aria-label={label}
      aria-current={sliceOf(frames.axial, state.cursor) === slice}
      style={{ left: `${((slice + 0.5 - step / 2) / slices) * 100}%`, width: `${(step / slices) * 100}%` }}
      onClick={() => apply(toSlice(frames.axial, slice))}
    >
      <span style={{ height: `${Math.max(4, share * 100)}%`, background: scoreColour(share) }} />
    </button>
  );
}

function nearestOf(scores: readonly SliceScore[], slice: number): number {
  const distances = scores.map((one) => Math.abs(one.slice - slice));
  return distances.indexOf(Math.min(...distances));
}

/** The smallest distance between two bars in slices, so no bar covers another. */
function stepOf(scores: readonly SliceScore[]): number {
  const steps = scores.slice(1).map((one, at) => one.slice - (scores[at]?.slice ?? 0));
  return Math.max(1, Math.min(...steps, 6));
}
