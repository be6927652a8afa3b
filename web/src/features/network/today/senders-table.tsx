import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { RefusedSender, SenderList } from "#schema";
import { useFormat } from "@/shared/format/use-format";
import { DateTime } from "@/shared/ui/date-time";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";

const COLUMNS = ["name", "source", "studies", "instances", "last"] as const;

/** Everybody who ever sent something, the last one first. */
export function SendersTable({ senders: { items } }: { senders: Pick<SenderList, "items"> }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  if (items.length === 0) return <p className={styles["dim"]}>{t("senders.none")}</p>;
  return (
    <NetworkTable label={t("senders.title")} columns={COLUMNS.map((column) => t(`senders.${column}`))}>
      {items.map(({ source, sender, studies, instances, last_at: last }) => (
        <Table.Tr key={`${source} ${sender}`}>
          <Table.Td className={styles["name"]}>{sender}</Table.Td>
          <Table.Td>{t(`sources.${source}`)}</Table.Td>
          <Table.Td className={styles["number"]}>{format.whole(studies)}</Table.Td>
          <Table.Td className={styles["number"]}>{format.whole(instances)}</Table.Td>
          <Table.Td className={styles["dim"]}>
            <DateTime at={last} />
          </Table.Td>
        </Table.Tr>
      ))}
    </NetworkTable>
  );
}

const REFUSED_COLUMNS = ["name", "source", "reason", "refusals", "last"] as const;

type Lookup = (key: string, options: { defaultValue: string }) => string;

/** Who was refused today, and why. */
export function RefusedTable({ refused }: { refused: readonly RefusedSender[] }) {
  const { t } = useTranslation(["network", "errors"]);
  const format = useFormat();
  const lookup = t as unknown as Lookup;
  const reasonText = (code: string) =>
    lookup(`network:refusals.${code}`, { defaultValue: lookup(`errors:${code}.title`, { defaultValue: code }) });
  return (
    <NetworkTable label={t("refused.title")} columns={REFUSED_COLUMNS.map((column) => t(`refused.${column}`))}>
      {refused.map(({ source, sender, reason, refusals, last_at: last }) => (
        <Table.Tr key={`${source} ${sender} ${reason}`}>
          <Table.Td className={styles["name"]}>{sender}</Table.Td>
          <Table.Td>{t(`sources.${source}`)}</Table.Td>
          <Table.Td className={styles["warning"]}>{reasonText(reason)}</Table.Td>
          <Table.Td className={styles["number"]}>{format.whole(refusals)}</Table.Td>
          <Table.Td className={styles["dim"]}>
            <DateTime at={last} />
          </Table.Td>
        </Table.Tr>
      ))}
    </NetworkTable>
  );
}
