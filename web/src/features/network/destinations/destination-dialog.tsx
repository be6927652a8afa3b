import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TextInput,
} from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Destination } from "#schema";
import { changeDestination, createDestination, destinationsKey } from "@/shared/api/destinations";
import { LANGUAGES } from "@/shared/i18n";
import { Dialog } from "@/shared/ui/dialog";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";
import styles from "../network.module.css";
import { type DestinationValues, ENCODINGS, KINDS, settingsOf, valuesOf } from "./destination-form";

interface Props {
  /** Null for a new destination. */
  destination: Destination | null;
  onClose: () => void;
}

export function DestinationDialog({ destination, onClose }: Props) {
  const { t } = useTranslation(["network", "common"]);
  const queries = useQueryClient();
  const needed = (text: string) => (text.trim() ? null : t("needed"));
  const form = useForm<DestinationValues>({
    initialValues: valuesOf(destination),
    validate: {
      name: needed,
      host: (host, { kind }) => (kind === "dimse" ? needed(host) : null),
      port: (port, { kind }) => (kind === "dimse" && port === "" ? t("needed") : null),
      called_ae: (title, { kind }) => (kind === "dimse" ? needed(title) : null),
      url: (url, { kind }) => (kind === "stow" ? needed(url) : null),
      encodings: (encodings) => (encodings.length > 0 ? null : t("needed")),
    },
  });
  const save = useMutation({
    mutationFn: (values: DestinationValues) =>
      destination ? changeDestination(destination.id, settingsOf(values)) : createDestination(settingsOf(values)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: destinationsKey });
      notify(t("destinations.saved"));
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t(destination ? "destinations.edit" : "destinations.add")} size="lg">
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <TextInput
            label={t("destinations.fields.name")}
            description={t("destinations.nameHint")}
            withAsterisk
            data-autofocus
            disabled={destination !== null}
            maxLength={200}
            {...form.getInputProps("name")}
          />
          <Address form={form} />
          <Content form={form} />
          {save.isError && <ProblemNote error={save.error} />}
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={onClose}>
              {t("common:actions.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("common:actions.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

type Form = UseFormReturnType<DestinationValues>;

function Address({ form }: { form: Form }) {
  const { t } = useTranslation("network");
  return (
    <fieldset className={styles["group"]}>
      <legend>{t("destinations.address")}</legend>
      <SegmentedControl
        aria-label={t("destinations.fields.kind")}
        data={KINDS.map((value) => ({ value, label: t(`sources.${value}`) }))}
        {...form.getInputProps("kind")}
      />
      {form.values.kind === "dimse" ? (
        <div className={styles["twoColumns"]}>
          <TextInput label={t("destinations.fields.host")} withAsterisk {...form.getInputProps("host")} />
          <NumberInput
            label={t("destinations.fields.port")}
            withAsterisk
            min={1}
            max={65535}
            allowDecimal={false}
            {...form.getInputProps("port")}
          />
          <TextInput
            label={t("destinations.fields.called_ae")}
            withAsterisk
            maxLength={16}
            {...form.getInputProps("called_ae")}
          />
          <Stack gap={8} justify="flex-end">
            <Toggle form={form} name="tls" />
            <Toggle form={form} name="storage_commitment" />
          </Stack>
        </div>
      ) : (
        <>
          <TextInput
            label={t("destinations.fields.url")}
            placeholder="https://archive.example/dicom-web"
            withAsterisk
            {...form.getInputProps("url")}
          />
          <TextInput
            label={t("destinations.fields.credential")}
            description={t("destinations.credentialHint")}
            {...form.getInputProps("credential")}
          />
        </>
      )}
    </fieldset>
  );
}

function Content({ form }: { form: Form }) {
  const { t } = useTranslation("network");
  return (
    <fieldset className={styles["group"]}>
      <legend>{t("destinations.content")}</legend>
      <Checkbox.Group label={t("destinations.fields.encodings")} {...form.getInputProps("encodings")}>
        <Group mt={6} gap="xs">
          {ENCODINGS.map((value) => (
            <Checkbox key={value} value={value} label={t(`encodings.${value}`)} />
          ))}
        </Group>
      </Checkbox.Group>
      <Select
        label={t("destinations.fields.language")}
        allowDeselect={false}
        w={200}
        data={LANGUAGES.map((value) => ({ value, label: t(`languages.${value}`) }))}
        {...form.getInputProps("language")}
      />
      <Toggle form={form} name="by_default" />
      <Toggle form={form} name="enabled" />
    </fieldset>
  );
}

function Toggle({ form, name }: { form: Form; name: "tls" | "storage_commitment" | "by_default" | "enabled" }) {
  const { t } = useTranslation("network");
  return (
    <Switch size="sm" label={t(`destinations.fields.${name}`)} {...form.getInputProps(name, { type: "checkbox" })} />
  );
}
