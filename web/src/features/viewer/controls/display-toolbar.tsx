import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { set } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import { LAYOUTS } from "../state/viewer-state";
import styles from "./controls.module.css";
import { HeatmapControls } from "./heatmap-controls";
import { WindowMenu } from "./window-menu";

/** Planes, window and map. */
export function DisplayToolbar() {
  const { state, apply } = useViewing();
  const { t } = useTranslation("viewer");
  return (
    <div className={styles["bar"]} role="toolbar" aria-label={t("bar")}>
      <SegmentedControl
        size="xs"
        aria-label={t("layout")}
        data={LAYOUTS.map((value) => ({ value, label: value === "three" ? t("three") : t(`planes.${value}`) }))}
        value={state.layout}
        onChange={(layout) => apply(set({ layout }))}
      />
      <WindowMenu />
      <HeatmapControls />
    </div>
  );
}
