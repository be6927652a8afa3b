import { ActionIcon, Popover, SegmentedControl, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { set } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import { HEATMAPS, type Heatmap } from "../state/viewer-state";
import styles from "./controls.module.css";
import { HeatmapAppearance } from "./heatmap-appearance";

const NONE = "none";

/** The choice of the map over the slices, and its appearance. */
export function HeatmapControls() {
  const { state, apply } = useViewing();
  const { t } = useTranslation("viewer");
  return (
    <div className={styles["group"]}>
      <SegmentedControl
        size="xs"
        aria-label={t("heatmaps.label")}
        data={[NONE, ...HEATMAPS].map((value) => ({ value, label: t(`heatmaps.${value as Heatmap}`) }))}
        value={state.heatmap ?? NONE}
        onChange={(value) => apply(set({ heatmap: HEATMAPS.find((one) => one === value) ?? null }))}
      />
      <Popover position="bottom-end" withinPortal={false} trapFocus returnFocus>
        <Popover.Target>
          <Tooltip label={t("heatmaps.appearance")}>
            <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("heatmaps.appearance")}>
              <IconAdjustmentsHorizontal size={17} />
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown>
          <HeatmapAppearance />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
