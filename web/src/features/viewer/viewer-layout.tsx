import { useEffect, useMemo, useReducer, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { ViewerRequest } from "@/shared/viewing/viewer-slot";
import { DisplayToolbar } from "./controls/display-toolbar";
import { Help } from "./controls/help";
import { ScoreStrip } from "./controls/score-strip";
import { ToolPalette } from "./controls/tool-palette";
import { frameOf, sliceOf } from "./geometry/planes";
import type { LoadingSeries } from "./loading/use-series";
import { LoadingNotices } from "./loading-notices";
import { PlanePane } from "./panes/plane-pane";
import type { SliceEvidence } from "./state/evidence";
import { initialView } from "./state/initial-view";
import { pressed } from "./state/keys";
import { planesOf } from "./state/state-changes";
import { useOverlays } from "./state/use-overlays";
import { useSliceSync } from "./state/use-slice-sync";
import { type Viewing, ViewingContext } from "./state/viewer-context";
import { changed } from "./state/viewer-state";
import styles from "./viewer.module.css";
import type { HuStore } from "./volume/hu-store";

interface Props {
  request: ViewerRequest;
  loaded: LoadingSeries;
  store: HuStore;
  evidence: SliceEvidence | null;
}

/** The viewer after the first slice is loaded: controls around the planes. */
export function ViewerLayout({ request, loaded, store, evidence }: Props) {
  const { series } = store;
  const [state, apply] = useReducer(changed, null, () => initialView(series, loaded.first, evidence));
  const frames = useMemo(
    () => ({
      axial: frameOf("axial", series),
      coronal: frameOf("coronal", series),
      sagittal: frameOf("sagittal", series),
    }),
    [series],
  );
  const overlays = useOverlays(request, loaded.studyUid, state);
  const viewing: Viewing = {
    ...{ state, apply, series, frames, store },
    version: loaded.version,
    heat: overlays.heat.voxels,
    lungs: overlays.lungs.voxels,
    evidence,
    keySlice: evidence?.keySlice ?? loaded.keySlice,
  };
  const slice = sliceOf(frames.axial, state.cursor);
  useSliceSync(viewing, request, slice);
  const { requestSlice } = loaded;
  useEffect(() => requestSlice(state.cursor[2]), [requestSlice, state.cursor]);
  const { t } = useTranslation("viewer");
  return (
    <ViewingContext value={viewing}>
      <section className={styles["workplace"]} aria-label={t("title")} onKeyDown={(event) => onKey(event, viewing)}>
        <DisplayToolbar />
        <div className={styles["middle"]}>
          <ToolPalette />
          <Stage planes={planesOf(state.layout)} />
          <LoadingNotices loaded={loaded} overlays={overlays} />
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

/** The panes. They take the focus at the start, unless another element has it, so that the keys work. */
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
