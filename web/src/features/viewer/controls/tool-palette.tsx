import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconContrastFilled,
  IconCrosshair,
  IconHandMove,
  IconKeyboard,
  IconLungs,
  IconRuler2,
  IconRulerOff,
  IconTargetArrow,
  IconZoomIn,
  IconZoomReset,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { reset, set, toggled, toSlice, withoutLastMeasurement } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import { TOOLS, type Tool } from "../state/viewer-state";
import styles from "./controls.module.css";

const TOOL_ICONS: Record<Tool, TablerIcon> = {
  window: IconContrastFilled,
  pan: IconHandMove,
  zoom: IconZoomIn,
  measure: IconRuler2,
  crosshair: IconCrosshair,
};

const TOOL_KEYS: Record<Tool, string> = { window: "W", pan: "P", zoom: "Z", measure: "M", crosshair: "X" };

/** The tools of the left mouse button, and single actions. */
export function ToolPalette() {
  const { state, apply, frames, keySlice } = useViewing();
  const { t } = useTranslation("viewer");
  return (
    <div className={styles["rail"]} role="toolbar" aria-orientation="vertical" aria-label={t("tools.label")}>
      {TOOLS.map((tool) => (
        <PaletteButton
          key={tool}
          icon={TOOL_ICONS[tool]}
          label={t(`tools.${tool}`)}
          keys={TOOL_KEYS[tool]}
          pressed={state.tool === tool}
          onClick={() => apply(set({ tool }))}
        />
      ))}
      <hr className={styles["rule"]} />
      <PaletteButton
        icon={IconLungs}
        label={t("lungs")}
        keys="L"
        pressed={state.lungs}
        onClick={() => apply(toggled("lungs"))}
      />
      <PaletteButton
        icon={IconTargetArrow}
        label={t("keySlice")}
        keys="K"
        disabled={keySlice === null}
        onClick={() => apply(toSlice(frames.axial, keySlice ?? 0))}
      />
      <PaletteButton
        icon={IconRulerOff}
        label={t("removeMeasurement")}
        keys="⌫"
        disabled={!state.measurements.length}
        onClick={() => apply(withoutLastMeasurement)}
      />
      <PaletteButton icon={IconZoomReset} label={t("reset")} keys="R" onClick={() => apply(reset)} />
      <hr className={styles["rule"]} />
      <PaletteButton icon={IconKeyboard} label={t("help.title")} keys="?" onClick={() => apply(toggled("help"))} />
    </div>
  );
}

interface ButtonProps {
  icon: TablerIcon;
  label: string;
  keys: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

function PaletteButton({ icon: Icon, label, keys, pressed, disabled = false, onClick }: ButtonProps) {
  return (
    <Tooltip label={`${label} (${keys})`} position="right">
      <ActionIcon
        size={34}
        variant={pressed ? "light" : "subtle"}
        color={pressed ? "signal" : "gray"}
        aria-label={label}
        aria-pressed={pressed}
        disabled={disabled}
        onClick={onClick}
      >
        <Icon size={19} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}
