import { ActionIcon } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";

interface Props {
  label: string;
  icon: TablerIcon;
  disabled?: boolean;
  onClick: () => void;
}

/** A small button in a row of a table. */
export function IconTool({ label, icon: Icon, disabled = false, onClick }: Props) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="md"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon size={16} stroke={1.7} aria-hidden />
    </ActionIcon>
  );
}
