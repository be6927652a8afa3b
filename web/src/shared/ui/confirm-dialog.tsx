import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./dialog";
import { ProblemNote } from "./problem-note";

interface Props {
  opened: boolean;
  title: string;
  text: ReactNode;
  confirm: string;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks for confirmation before an action that cannot be undone. */
export function ConfirmDialog({ opened, title, text, confirm, busy, error, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
      {error ? <ProblemNote error={error} /> : null}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t("actions.cancel")}
        </Button>
        <Button color="red.9" onClick={onConfirm} loading={busy}>
          {confirm}
        </Button>
      </Group>
    </Dialog>
  );
}
