import { Kbd } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/shared/ui/dialog";
import { set } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import styles from "./controls.module.css";

const KEYS = [
  ["scroll", ["↑", "↓"]],
  ["page", ["PgUp", "PgDn"]],
  ["ends", ["Home", "End"]],
  ["presets", ["1", "–", "5"]],
  ["planes", ["A", "C", "S", "T"]],
  ["tools", ["W", "P", "Z", "M", "X"]],
  ["heatmap", ["H"]],
  ["opacity", ["[", "]"]],
  ["lungs", ["L"]],
  ["keySlice", ["K"]],
  ["zoom", ["+", "−"]],
  ["removeMeasurement", ["⌫"]],
  ["reset", ["R"]],
  ["help", ["?"]],
] as const;

const POINTER_ACTIONS = ["wheel", "left", "middle", "right", "pinch"] as const;

/** All keyboard and mouse actions; opened by ?, closed by Escape, the focus returns. */
export function Help() {
  const { state, apply } = useViewing();
  const { t } = useTranslation("viewer");
  return (
    <Dialog opened={state.help} onClose={() => apply(set({ help: false }))} title={t("help.title")} size="lg">
      <div className={styles["help"]}>
        <dl>
          {KEYS.map(([name, keys]) => (
            <div key={name}>
              <dt>
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{t(`help.keys.${name}`)}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {POINTER_ACTIONS.map((name) => (
            <div key={name}>
              <dt>{t(`help.pointer.${name}`)}</dt>
              <dd>{t(`help.pointerActions.${name}`)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
