import { Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { IncomingStudy } from "#schema";
import { useFormat } from "@/shared/format/use-format";
import { DateTime } from "@/shared/ui/date-time";
import { ScanBadge } from "@/shared/ui/verdict-badge";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";

const COLUMNS = ["last", "study", "sender", "instances", "state", "outcome"] as const;

/** Studies from the network: whether each still comes, was screened, or was not, and why. */
export function IncomingTable({ studies }: { studies: readonly IncomingStudy[] }) {
  const { t } = useTranslation("network");
  return (
    <NetworkTable label={t("incoming.title")} columns={COLUMNS.map((column) => t(`incoming.${column}`))}>
      {studies.map((study) => (
        <Study key={study.id} study={study} />
      ))}
    </NetworkTable>
  );
}

function Study({ study }: { study: IncomingStudy }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const { scan_id: scanId, scan_status: status } = study;
  const name = study.description || study.study_uid;
  return (
    <Table.Tr>
      <Table.Td className={styles["dim"]}>
        <DateTime at={study.last_at} />
      </Table.Td>
      <Table.Td className={styles["wide"]}>
        {scanId ? (
          <Link className={styles["link"] ?? ""} to="/scans/$scanId" params={{ scanId }}>
            {name}
          </Link>
        ) : (
          name
        )}
      </Table.Td>
      <Table.Td>
        {study.sender} <span className={styles["dim"]}>{t(`sources.${study.source}`)}</span>
      </Table.Td>
      <Table.Td className={styles["number"]}>{format.whole(study.instances)}</Table.Td>
      <Table.Td>
        <State study={study} />
      </Table.Td>
      <Table.Td>
        {status && study.state === "screened" && <ScanBadge status={status} verdict={study.verdict} />}
      </Table.Td>
    </Table.Tr>
  );
}

function State({ study }: { study: IncomingStudy }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const { state, rule, retry_at: retry } = study;
  return (
    <>
      <span data-state={state} className={styles["state"]}>
        {t(`states.${state}`)}
      </span>
      <div className={styles["dim"]}>
        {state === "not_screened" && (rule === null ? t("incoming.noCt") : t("incoming.byRule", { name: rule }))}
        {state === "screened" && rule !== null && t("incoming.byRule", { name: rule })}
        {state === "delayed" && retry !== null && t("incoming.retry", { time: format.clock(retry) })}
        {study.urgent && ` ${t("incoming.urgent")}`}
        {study.version > 1 && ` ${t("incoming.version", { number: String(study.version) })}`}
      </div>
    </>
  );
}
