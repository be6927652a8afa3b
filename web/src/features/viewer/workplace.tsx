import { useEffect, useMemo, useReducer, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Viewing as Asked } from "@/shared/viewing/slot";
import { Bar } from "./controls/bar";
import { Help } from "./controls/help";
import { Rail } from "./controls/rail";
import { ScoreStrip } from "./controls/score-strip";
import { frameOf, sliceOf } from "./geometry/planes";
import type { SeriesOnItsWay } from "./loading/use-series";
import { Notices } from "./notices";
import { PlanePane } from "./stage/plane-pane";
import { planesOf } from "./state/changes";
import type { SliceEvidence } from "./state/evidence";
import { pressed } from "./state/keys";
import { startOf } from "./state/start";
import { useAsked } from "./state/use-asked";
import { useOverlays } from "./state/use-overlays";
import { type Viewing, ViewingContext } from "./state/viewer-context";
import { changed } from "./state/viewer-state";
import styles from "./viewer.module.css";
import type { HuStore } from "./volume/store";

interface Shown {
  asked: Asked;
  loaded: SeriesOnItsWay;
  store: HuStore;
  evidence: SliceEvidence | null;
}

/** The viewer once there is something to see: controls around the planes. */
export function Workplace({ asked, loaded, store, evidence }: Shown) {
  const { series } = store;
  const [state, apply] = useReducer(changed, null, () => startOf(series, loaded.first, evidence));
  const frames = useMemo(
    () => ({
      axial: frameOf("axial", series),
      coronal: frameOf("coronal", series),
      sagittal: frameOf("sagittal", series),
    }),
    [series],
  );
  const overlays = useOverlays(asked, loaded.studyUid, state);
  const viewing: Viewing = {
    ...{ state, apply, series, frames, store },
    version: loaded.version,
    heat: overlays.heat.voxels,
    lungs: overlays.lungs.voxels,
    evidence,
    keySlice: evidence?.keySlice ?? loaded.keySlice,
  };
  const slice = sliceOf(frames.axial, state.cursor);
  useAsked(viewing, asked, slice);
  const { want } = loaded;
  useEffect(() => want(state.cursor[2]), [want, state.cursor]);
  const { t } = useTranslation("viewer");
  return (
    <ViewingContext value={viewing}>
      <section className={styles["workplace"]} aria-label={t("title")} onKeyDown={(event) => onKey(event, viewing)}>
        <Bar />
        <div className={styles["middle"]}>
          <Rail />
          <Stage planes={planesOf(state.layout)} />
          <Notices loaded={loaded} overlays={overlays} />
        </div>
        {evidence && <ScoreStrip scores={evidence.scores} />}
        <Help />
      </section>
    </ViewingContext>
  );
}

function onKey(event: React.KeyboardEvent, viewing: Viewing): void {
  const change = pressed(event.nativeEvent, viewing);
  if (!change) return;
  event.preventDefault();
  viewing.apply(change);
}

/** The panes; in focus from the start, unless the reader is already somewhere else, so that the keys work at once. */
function Stage({ planes }: { planes: ReturnType<typeof planesOf> }) {
  const { t } = useTranslation("viewer");
  const stage = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) stage.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div
      ref={stage}
      className={styles["stage"]}
      data-panes={planes.length}
      role="application"
      aria-label={t("stage")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll, zoom and choose here, as the label says
      tabIndex={0}
    >
      {planes.map((plane) => (
        <PlanePane key={plane} plane={plane} />
      ))}
    </div>
  );
}
