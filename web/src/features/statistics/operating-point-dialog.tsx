import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Versioned } from "@/shared/api/client";
import type { ChosenPoint, ModelCard } from "@/shared/api/model";
import { choosePoint, operatingPointQuery } from "@/shared/api/statistics";
import { useFormat } from "@/shared/format/use-format";
import { Dialog } from "@/shared/ui/dialog";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";

interface Props {
  card: ModelCard;
  chosen: Versioned<ChosenPoint>;
  name: string;
  onClose: () => void;
}

/** Two confirmations: the effect of the change, then the new threshold typed by hand. */
export function OperatingPointDialog({ card, chosen, name, onClose }: Props) {
  const { t } = useTranslation(["statistics", "common"]);
  const format = useFormat();
  const queries = useQueryClient();
  const [typed, setTyped] = useState<string | null>(null); // null until the first question is answered
  const threshold = card.operating_points[name]?.threshold ?? 0;
  const wanted = format.decimal(threshold, 3);
  const choose = useMutation({
    mutationFn: () => choosePoint(name, card.version, chosen.etag),
    onSuccess: async () => {
      onClose();
      notify(t("chooseDialog.done"));
      await queries.invalidateQueries({ queryKey: operatingPointQuery.queryKey });
    },
  });
  const direction = threshold < chosen.body.threshold ? "lower" : "higher";
  return (
    <Dialog opened onClose={onClose} title={t(typed === null ? "chooseDialog.title" : "chooseDialog.again")}>
      <Stack gap="sm">
        {typed === null ? (
          <>
            <Text size="sm">
              {t("chooseDialog.text", { to: wanted, from: format.decimal(chosen.body.threshold, 3) })}
            </Text>
            <Text size="sm" fw={600}>
              {t(`chooseDialog.${direction}`)}
            </Text>
          </>
        ) : (
          <TextInput
            data-autofocus
            label={t("chooseDialog.againText", { threshold: wanted })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {choose.isError && <ProblemNote error={choose.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common:actions.cancel")}
          </Button>
          {typed === null ? (
            <Button onClick={() => setTyped("")}>{t("chooseDialog.next")}</Button>
          ) : (
            <Button
              color="red.9"
              disabled={typed.trim().replace(",", ".") !== wanted.replace(",", ".")}
              loading={choose.isPending}
              onClick={() => choose.mutate()}
            >
              {t("chooseDialog.confirm")}
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}
