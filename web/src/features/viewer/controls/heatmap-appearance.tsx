import { SegmentedControl, Slider } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { COLOUR_MAPS, gradient } from "../overlay/colour-maps";
import { set } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import styles from "./controls.module.css";

/** Opacity and colours of the map, with a legend from low to high. */
export function HeatmapAppearance() {
  const { state, apply } = useViewing();
  const { t } = useTranslation("viewer");
  const percent = Math.round(state.opacity * 100);
  return (
    <div className={styles["looks"]}>
      <span className={styles["caption"]}>{t("heatmaps.opacity", { percent })}</span>
      <Slider
        min={10}
        max={100}
        step={5}
        label={null}
        value={percent}
        thumbLabel={t("heatmaps.opacity", { percent })}
        onChange={(value) => apply(set({ opacity: value / 100 }))}
      />
      <span className={styles["caption"]}>{t("heatmaps.colours")}</span>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t("heatmaps.colours")}
        data={COLOUR_MAPS.map((value) => ({ value, label: t(`colourMaps.${value}`) }))}
        value={state.colours}
        onChange={(colours) => apply(set({ colours }))}
      />
      <div className={styles["legend"]} style={{ background: gradient(state.colours) }} />
      <div className={styles["ends"]}>
        <span>{t("heatmaps.low")}</span>
        <span>{t("heatmaps.high")}</span>
      </div>
    </div>
  );
}
