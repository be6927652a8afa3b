import { Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SenderList } from "#schema";
import { useFormat } from "@/shared/format/use-format";
import styles from "../network.module.css";

const COLUMNS = ["name", "source", "studies", "instances", "last"] as const;

/** Everybody who ever sent something, the last one first. */
export function SendersTable({ senders: { items } }: { senders: SenderList }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  if (items.length === 0) return <p className={styles["dim"]}>{t("senders.none")}</p>;
  return (
    <div className={styles["scrolls"]}>
      <Table verticalSpacing={6} highlightOnHover aria-label={t("senders.title")}>
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Table.Th key={column}>{t(`senders.${column}`)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map(({ source, sender, studies, instances, last_at: last }) => (
            <Table.Tr key={`${source} ${sender}`}>
              <Table.Td className={styles["name"]}>{sender}</Table.Td>
              <Table.Td>{t(`sources.${source}`)}</Table.Td>
              <Table.Td className={styles["number"]}>{format.whole(studies)}</Table.Td>
              <Table.Td className={styles["number"]}>{format.whole(instances)}</Table.Td>
              <Table.Td className={styles["dim"]}>
                <time dateTime={last} title={format.exact(last)}>
                  {format.when(last)}
                </time>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
