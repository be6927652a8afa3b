import { Button, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconEdit, IconTrash, IconUpload } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Versioned } from "@/shared/api/client";
import type { Me, Patient } from "@/shared/api/model";
import { deletePatient, patientQuery, patientsKey } from "@/shared/api/patients";
import { scansKey } from "@/shared/api/scans";
import { may } from "@/shared/format/names";
import { useFormat } from "@/shared/format/use-format";
import { PatientDialog } from "@/shared/patients/patient-dialog";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { LinkButton } from "@/shared/ui/link-button";
import { notify } from "@/shared/ui/notify";
import { Page } from "@/shared/ui/page";
import { usePatientName } from "@/shared/ui/patient-name";
import { ProblemNote } from "@/shared/ui/problem-note";
import { DefinitionList, Panel, Section } from "@/shared/ui/section";
import { PatientScans } from "./patient-scans";
import styles from "./patients.module.css";

interface Props {
  me: Me;
  patientId: string;
  onGone: () => void;
}

export function PatientCard({ me, patientId, onGone }: Props) {
  const { t } = useTranslation("patients");
  const patient = useQuery(patientQuery(patientId));
  if (patient.isError) {
    return (
      <Page title={t("title")} scrolls>
        <ProblemNote error={patient.error} onRetry={patient.refetch} />
      </Page>
    );
  }
  return patient.data ? <Card me={me} patient={patient.data} onGone={onGone} /> : null;
}

function Card({ me, patient, onGone }: { me: Me; patient: Versioned<Patient>; onGone: () => void }) {
  const { t } = useTranslation("patients");
  const format = useFormat();
  const { id, description, created_at, updated_at } = patient.body;
  const name = usePatientName(id, patient.body);
  const tools = <Tools me={me} patient={patient} name={name} onGone={onGone} />;
  return (
    <Page title={name} tools={tools} scrolls>
      <div className={styles["card"]}>
        <Panel>
          <Section title={t("columns.description")}>
            {description && <p className={styles["about"]}>{description}</p>}
            {!may(me, "names.read") && <p className={styles["about"]}>{t("hidden")}</p>}
            <DefinitionList
              items={[
                [t("columns.created"), format.exact(created_at)],
                [t("changed"), updated_at === created_at ? null : format.exact(updated_at)],
              ]}
            />
          </Section>
          <PatientScans.History patientId={id} />
        </Panel>
        <PatientScans patientId={id} />
      </div>
    </Page>
  );
}

function Tools({
  me,
  patient,
  name,
  onGone,
}: {
  me: Me;
  patient: Versioned<Patient>;
  name: string;
  onGone: () => void;
}) {
  const { t } = useTranslation(["patients", "common"]);
  const queries = useQueryClient();
  const [editing, edit] = useDisclosure(false);
  const [asking, ask] = useDisclosure(false);
  const remove = useMutation({
    mutationFn: () => deletePatient(patient.body.id),
    onSuccess: async () => {
      onGone();
      notify(t("deleted"));
      queries.removeQueries({ queryKey: [...patientsKey, "one", patient.body.id] });
      await Promise.all(
        [patientsKey, scansKey].map((queryKey) => queries.invalidateQueries({ queryKey: [...queryKey, "list"] })),
      );
    },
  });
  return (
    <Group gap="xs" className={styles["push"] ?? ""}>
      {may(me, "scans.write") && (
        <LinkButton size="xs" to="/upload" search={{ patient: patient.body.id }} leftSection={<IconUpload size={15} />}>
          {t("upload")}
        </LinkButton>
      )}
      {may(me, "patients.write") && (
        <>
          <Button size="xs" variant="default" leftSection={<IconEdit size={15} />} onClick={edit.open}>
            {t("common:actions.edit")}
          </Button>
          <Button size="xs" variant="default" leftSection={<IconTrash size={15} />} onClick={ask.open}>
            {t("common:actions.delete")}
          </Button>
        </>
      )}
      <PatientDialog opened={editing} patient={patient} onClose={edit.close} />
      <ConfirmDialog
        opened={asking}
        title={t("delete.title")}
        text={t("delete.text", { name })}
        confirm={t("delete.confirm")}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={ask.close}
      />
    </Group>
  );
}
