import { Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Patient } from "@/shared/api/model";
import { useFormat } from "@/shared/format/use-format";
import { PatientName } from "@/shared/ui/patient-name";
import { Panel } from "@/shared/ui/section";
import { VerdictBadge } from "@/shared/ui/verdict-badge";
import styles from "./patients.module.css";

const COLUMNS = ["name", "description", "scans", "last", "created"] as const;

interface Props {
  patients: readonly Patient[];
  onOpen: (patientId: string) => void;
}

export function PatientsTable({ patients, onOpen }: Props) {
  const { t } = useTranslation("patients");
  return (
    <Panel className={styles["tableBox"]}>
      <Table stickyHeader highlightOnHover verticalSpacing="xs" horizontalSpacing="md" aria-label={t("title")}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column}>{t(`columns.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {patients.map((patient) => (
            <Row key={patient.id} patient={patient} onOpen={onOpen} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Row({ patient, onOpen }: { patient: Patient; onOpen: (patientId: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table.Tr className={styles["row"]} onClick={() => onOpen(patient.id)}>
      <Table.Td>
        <Link
          className={styles["link"] ?? ""}
          to="/patients/$patientId"
          params={{ patientId: patient.id }}
          onClick={(event) => event.stopPropagation()}
        >
          <PatientName id={patient.id} patient={patient} />
        </Link>
      </Table.Td>
      <Table.Td className={`${styles["dim"]} ${styles["clip"]}`}>{patient.description}</Table.Td>
      <Table.Td>{patient.scans ?? ""}</Table.Td>
      <Table.Td>
        {patient.last_verdict ? (
          <VerdictBadge verdict={patient.last_verdict} />
        ) : (
          <span className={styles["dim"]}>{t("none")}</span>
        )}
      </Table.Td>
      <Table.Td className={styles["dim"]}>
        <time dateTime={patient.created_at}>{format.when(patient.created_at)}</time>
      </Table.Td>
    </Table.Tr>
  );
}
