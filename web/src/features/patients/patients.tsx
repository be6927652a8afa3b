import { Button, Pagination, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus, IconUserQuestion, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Me } from "@/shared/api/model";
import { patientsQuery } from "@/shared/api/patients";
import { may } from "@/shared/format/names";
import { useFormat } from "@/shared/format/use-format";
import { PatientDialog } from "@/shared/patients/patient-dialog";
import { EmptyState } from "@/shared/ui/empty-state";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";
import { SearchBox } from "@/shared/ui/search-box";
import styles from "./patients.module.css";
import { PatientsTable } from "./patients-table";
import { PATIENT_SORTS, type PatientsSearch } from "./search";

const PAGE = 50;

interface Props {
  me: Me;
  search: PatientsSearch;
  onSearch: (search: PatientsSearch) => void;
  onOpen: (patientId: string) => void;
}

export function Patients({ me, search, onSearch, onOpen }: Props) {
  const { t } = useTranslation("patients");
  const [creating, { open, close }] = useDisclosure(false);
  const page = search.page ?? 1;
  const filters = { q: search.q || null, sort: search.sort ?? "newest", limit: PAGE, offset: (page - 1) * PAGE };
  const patients = useQuery(patientsQuery(filters));
  const writes = may(me, "patients.write");
  const create = writes && (
    <Button size="xs" leftSection={<IconUserPlus size={16} />} onClick={open}>
      {t("create")}
    </Button>
  );
  return (
    <Page
      title={t("title")}
      tools={<Tools search={search} total={patients.data?.total ?? null} create={create} onSearch={onSearch} />}
    >
      {patients.isError && <ProblemNote error={patients.error} onRetry={patients.refetch} />}
      {patients.data?.total === 0 ? (
        <NoPatients searched={Boolean(search.q)}>{create}</NoPatients>
      ) : (
        <PatientsTable patients={patients.data?.items ?? []} onOpen={onOpen} />
      )}
      <Pages page={page} total={patients.data?.total ?? 0} onPage={(next) => onSearch({ ...search, page: next })} />
      <PatientDialog opened={creating} patient={null} onClose={close} onDone={({ id }) => onOpen(id)} />
    </Page>
  );
}

function NoPatients({ searched, children }: { searched: boolean; children: ReactNode }) {
  const { t } = useTranslation("patients");
  const words = searched ? "noMatch" : "empty";
  return (
    <EmptyState
      icon={searched ? IconUserQuestion : IconUsers}
      title={t(`${words}.title`)}
      advice={t(`${words}.advice`)}
    >
      {children}
    </EmptyState>
  );
}

function Pages({ page, total, onPage }: { page: number; total: number; onPage: (page: number) => void }) {
  const { t } = useTranslation();
  if (total <= PAGE) return null;
  return (
    <div className={styles["pages"]}>
      <Pagination
        size="sm"
        value={page}
        total={Math.ceil(total / PAGE)}
        onChange={onPage}
        getControlProps={(control) => ({
          "aria-label": control === "previous" ? t("actions.previous") : t("actions.next"),
        })}
      />
    </div>
  );
}

interface ToolsProps {
  search: PatientsSearch;
  total: number | null;
  create: ReactNode;
  onSearch: (search: PatientsSearch) => void;
}

function Tools({ search, total, create, onSearch }: ToolsProps) {
  const { t } = useTranslation("patients");
  const format = useFormat();
  return (
    <div className={styles["tools"]}>
      <SearchBox
        label={t("search")}
        className={styles["search"]}
        value={search.q ?? ""}
        onChange={(q) => onSearch({ ...search, q, page: 1 })}
      />
      <Select
        size="xs"
        w={160}
        aria-label={t("sort.label")}
        allowDeselect={false}
        value={search.sort ?? "newest"}
        data={PATIENT_SORTS.map((value) => ({ value: value as string, label: t(`sort.${value}`) }))}
        onChange={(sort) => sort && onSearch({ ...search, sort: sort as (typeof PATIENT_SORTS)[number], page: 1 })}
      />
      <span className={styles["count"]} role="status">
        {total !== null && t("count", { count: total, formatted: format.whole(total) })}
      </span>
      {create}
    </div>
  );
}
