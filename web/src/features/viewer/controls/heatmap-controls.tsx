import { ActionIcon, Popover, SegmentedControl, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { set } from "../state/changes";
import { useViewing } from "../state/viewer-context";
import { HEATMAPS, type Heatmap } from "../state/viewer-state";
import styles from "./controls.module.css";
import { HeatmapLooks } from "./heatmap-looks";

const NONE = "none";

/** Which map lies over the slices, and how it looks. */
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
          <Tooltip label={t("heatmaps.looks")}>
            <ActionIcon variant="subtle" color="gray" size={28} aria-label={t("heatmaps.looks")}>
              <IconAdjustmentsHorizontal size={17} />
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown>
          <HeatmapLooks />
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
