import { ActionIcon, Group, Select } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Patient } from "@/shared/api/model";
import { patientQuery, patientsQuery } from "@/shared/api/patients";
import { fullName, shortId } from "@/shared/format/names";
import { PatientDialog } from "@/shared/patients/patient-dialog";

interface Props {
  value: string | null;
  onChange: (patientId: string | null) => void;
}

const MAX_ROWS = 20;
const DEBOUNCE_MS = 200;

/** Finds a patient by name among any number of them, or makes a new one on the spot. */
export function PatientPicker({ value, onChange }: Props) {
  const { t } = useTranslation("upload");
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text, DEBOUNCE_MS);
  const [creating, { open, close }] = useDisclosure(false);
  const chosen = useQuery({ ...patientQuery(value ?? ""), enabled: value !== null }).data?.body;
  const search = q.trim() === (chosen && labelOf(chosen)) ? null : q.trim() || null; // the box shows who was chosen
  const query = patientsQuery({ q: search, sort: search ? "name" : "newest", limit: MAX_ROWS, offset: 0 });
  const found = useQuery(query).data?.items ?? [];
  const all = chosen && !found.some(({ id }) => id === chosen.id) ? [chosen, ...found] : found;
  const options = all.map((patient) => ({ value: patient.id, label: labelOf(patient) }));
  return (
    <>
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <Select
          flex={1}
          searchable
          clearable
          required
          label={t("patient.label")}
          placeholder={t("patient.pick")}
          nothingFoundMessage={t("patient.none")}
          data={options}
          filter={({ options: found }) => found} // the service has searched already
          value={value}
          onChange={onChange}
          onSearchChange={setText}
        />
        <ActionIcon
          size={36}
          variant="default"
          aria-label={t("patient.create")}
          title={t("patient.create")}
          onClick={open}
        >
          <IconUserPlus size={18} stroke={1.7} />
        </ActionIcon>
      </Group>
      <PatientDialog opened={creating} patient={null} onClose={close} onDone={({ id }) => onChange(id)} />
    </>
  );
}

function labelOf(patient: Patient): string {
  return fullName(patient) ?? shortId(patient.id);
}
