import { Button, Kbd, Menu, Text } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { preset } from "../state/state-changes";
import { useViewing } from "../state/viewer-context";
import { PRESETS, presetOf } from "../window/windows";

export function WindowMenu() {
  const { state, apply } = useViewing();
  const { t } = useTranslation("viewer");
  const { center, width } = state.window;
  const named = presetOf(state.window);
  return (
    <Menu position="bottom-start" withinPortal={false}>
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          rightSection={<IconChevronDown size={14} />}
          aria-label={t("windows")}
        >
          {named ? t(`presets.${named}`) : t("ownWindow")}
          <Text span size="xs" c="dimmed" ml={8} className="numbers">
            {width} / {center}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {PRESETS.map((one, at) => (
          <Menu.Item key={one.name} rightSection={<Kbd size="xs">{at + 1}</Kbd>} onClick={() => apply(preset(at))}>
            {t(`presets.${one.name}`)}{" "}
            <Text span size="xs" c="dimmed" className="numbers">
              {one.width} / {one.center}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
