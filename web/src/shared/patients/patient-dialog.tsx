import { Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Versioned } from "@/shared/api/client";
import type { Patient, PatientInput } from "@/shared/api/model";
import { createPatient, editPatient, patientsKey } from "@/shared/api/patients";
import { Problem } from "@/shared/api/problem";
import { Dialog } from "@/shared/ui/dialog";
import { notify } from "@/shared/ui/notify";
import { ProblemNote } from "@/shared/ui/problem-note";

interface Props {
  opened: boolean;
  /** The patient with its version; null for a new patient. */
  patient: Versioned<Patient> | null;
  onClose: () => void;
  onDone?: (patient: Patient) => void;
}

const EMPTY_PATIENT: PatientInput = { last_name: "", first_name: "", description: "" };

export function PatientDialog({ opened, patient, onClose, onDone }: Props) {
  const { t } = useTranslation(["patients", "common"]);
  const queries = useQueryClient();
  const needed = (value: string) => (value.trim() ? null : t("required"));
  const form = useForm<PatientInput>({
    initialValues: EMPTY_PATIENT,
    validate: { last_name: needed, first_name: needed },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form is filled when it opens, and not while it is typed in
  useEffect(() => {
    if (opened) form.setValues(patient ? inputOf(patient.body) : EMPTY_PATIENT);
  }, [opened]);
  const save = useMutation({
    mutationFn: (values: PatientInput) =>
      patient ? editPatient(patient.body.id, values, patient.etag) : createPatient(values),
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: patientsKey });
      notify(patient ? t("saved") : t("created"));
      onDone?.(saved);
      close();
    },
  });
  const close = () => {
    save.reset();
    form.reset();
    onClose();
  };
  const lookAgain = async () => {
    await queries.invalidateQueries({ queryKey: patientsKey });
    close();
  };
  return (
    <Dialog opened={opened} onClose={close} title={patient ? t("editTitle") : t("createTitle")}>
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <TextInput label={t("fields.last_name")} withAsterisk data-autofocus {...form.getInputProps("last_name")} />
          <TextInput label={t("fields.first_name")} withAsterisk {...form.getInputProps("first_name")} />
          <Textarea
            label={t("fields.description")}
            autosize
            minRows={2}
            maxRows={6}
            {...form.getInputProps("description")}
          />
          {save.isError && (
            <ProblemNote error={save.error}>
              {isConflict(save.error) && (
                <Button size="xs" variant="default" onClick={() => void lookAgain()}>
                  {t("common:actions.reload")}
                </Button>
              )}
            </ProblemNote>
          )}
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={close}>
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

function inputOf({ first_name, last_name, description }: Patient): PatientInput {
  return { first_name: first_name ?? "", last_name: last_name ?? "", description: description ?? "" };
}

function isConflict(error: unknown): boolean {
  return error instanceof Problem && error.status === 412;
}
