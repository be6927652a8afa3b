import { Table } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Scan } from "@/shared/api/model";
import { scansQuery } from "@/shared/api/scans";
import { operatingPointQuery } from "@/shared/api/statistics";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { EmptyState } from "@/shared/ui/empty-state";
import { LinkButton } from "@/shared/ui/link-button";
import { ProbabilityBar } from "@/shared/ui/probability-bar";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel, Section } from "@/shared/ui/section";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import { HistoryChart } from "./history-chart";
import styles from "./patients.module.css";

const MAX_ROWS = 100;
const REFRESH_MS = 5_000;

function useScansOf(patientId: string) {
  return useQuery({
    ...scansQuery({ patient_id: patientId, sort: "newest" }, 0, MAX_ROWS),
    refetchInterval: REFRESH_MS,
  });
}

function useThreshold(): number | null {
  return useQuery(operatingPointQuery).data?.body.threshold ?? null;
}

const COLUMNS = ["verdict", "probability", "finding", "scan", "received"] as const;

export function PatientScans({ patientId }: { patientId: string }) {
  const { t } = useTranslation(["patients", "worklist"]);
  const scans = useScansOf(patientId);
  if (scans.isError) return <ProblemNote error={scans.error} onRetry={scans.refetch} />;
  if (scans.data?.items.length === 0) {
    return (
      <Panel>
        <EmptyState icon={IconUpload} title={t("noScans.title")} advice={t("noScans.advice")}>
          <LinkButton to="/upload" search={{ patient: patientId }}>
            {t("upload")}
          </LinkButton>
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel>
      <Table highlightOnHover verticalSpacing="xs" horizontalSpacing="md" aria-label={t("scans")}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column}>{t(`worklist:columns.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {scans.data?.items.map((scan) => (
            <Row key={scan.id} scan={scan} />
          ))}
        </Table.Tbody>
      </Table>
    </Panel>
  );
}

function Row({ scan }: { scan: Scan }) {
  const format = useFormat();
  const words = useCodeTexts();
  const navigate = useNavigate();
  const threshold = useThreshold();
  const finding = scan.most_dangerous_pathology_type;
  const to = { to: "/scans/$scanId", params: { scanId: scan.id } } as const;
  return (
    <Table.Tr className={styles["row"]} onClick={() => void navigate(to)}>
      <Table.Td>
        <ScanBadge status={scan.status} verdict={scan.verdict} />
      </Table.Td>
      <Table.Td w={150}>
        <ProbabilityBar probability={scan.probability_of_pathology} verdict={scan.verdict} threshold={threshold} />
      </Table.Td>
      <Table.Td>{finding ? words.finding(finding) : scan.error ? words.error(scan.error).title : ""}</Table.Td>
      <Table.Td className={styles["ellipsis"]}>
        <Link {...to} className={styles["link"] ?? ""} onClick={(event) => event.stopPropagation()}>
          {scan.description || scan.file_name}
        </Link>
      </Table.Td>
      <Table.Td className={`${styles["dim"]} ${styles["short"]}`}>{format.when(scan.created_at)}</Table.Td>
    </Table.Tr>
  );
}

/** The probability over time, oldest first. */
PatientScans.History = function History({ patientId }: { patientId: string }) {
  const { t } = useTranslation("patients");
  const scans = useScansOf(patientId).data?.items ?? [];
  const threshold = useThreshold();
  const judged = scans.filter(({ probability_of_pathology: value }) => value !== null).reverse();
  return (
    <Section title={t("history.title")}>
      {judged.length > 1 ? (
        <HistoryChart scans={judged} threshold={threshold} />
      ) : (
        <span className={styles["dim"]}>{judged.length === 1 ? t("history.one") : t("history.none")}</span>
      )}
    </Section>
  );
};
