import { Badge, Button, Table } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Destination, EchoResult } from "#schema";
import { testDestination } from "@/shared/api/destinations";
import { useFormat } from "@/shared/format/use-format";
import { ProblemNote } from "@/shared/ui/problem-note";
import { IconTool } from "../icon-tool";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";
import { useFaultText } from "../use-fault-text";

const COLUMNS = ["name", "address", "state", "waiting", "sent", "failed"] as const;

interface Props {
  destinations: readonly Destination[];
  onEdit: (destination: Destination) => void;
  onDelete: (destination: Destination) => void;
}

export function DestinationsTable({ destinations, onEdit, onDelete }: Props) {
  const { t } = useTranslation("network");
  return (
    <NetworkTable
      label={t("destinations.title")}
      columns={COLUMNS.map((column) => t(`destinations.columns.${column}`))}
      actions={t("destinations.columns.actions")}
    >
      {destinations.map((destination) => (
        <Row
          key={destination.id}
          destination={destination}
          onEdit={() => onEdit(destination)}
          onDelete={() => onDelete(destination)}
        />
      ))}
    </NetworkTable>
  );
}

function Row({
  destination,
  onEdit,
  onDelete,
}: {
  destination: Destination;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const echo = useMutation({ mutationFn: () => testDestination(destination.id) });
  const { name } = destination;
  return (
    <Table.Tr className={destination.enabled ? undefined : styles["quiet"]}>
      <Table.Td className={styles["name"]}>
        {name}
        {destination.by_default && (
          <Badge size="sm" variant="light" radius="sm" ml={8} tt="none">
            {t("destinations.default")}
          </Badge>
        )}
      </Table.Td>
      <Table.Td>
        <Address destination={destination} />
      </Table.Td>
      <Table.Td>
        {echo.data ? <EchoAnswer result={echo.data} /> : <State destination={destination} />}
        {echo.isError && <ProblemNote error={echo.error} />}
      </Table.Td>
      <Table.Td className={styles["number"]}>{format.whole(destination.waiting + destination.sending)}</Table.Td>
      <Table.Td className={styles["number"]}>{format.whole(destination.sent_today)}</Table.Td>
      <Table.Td className={destination.failed > 0 ? styles["warning"] : styles["number"]}>
        {format.whole(destination.failed)}
      </Table.Td>
      <Table.Td className={styles["actions"]}>
        <Button
          size="compact-xs"
          variant="default"
          aria-label={t("destinations.testOne", { name })}
          loading={echo.isPending}
          onClick={() => echo.mutate()}
        >
          {t("destinations.test")}
        </Button>{" "}
        <IconTool label={t("destinations.editOne", { name })} icon={IconPencil} onClick={onEdit} />
        <IconTool label={t("destinations.deleteOne", { name })} icon={IconTrash} onClick={onDelete} />
      </Table.Td>
    </Table.Tr>
  );
}

function Address({
  destination: { kind, called_ae: title, host, port, url, tls, encodings },
}: {
  destination: Destination;
}) {
  const { t } = useTranslation("network");
  return (
    <>
      <span className={styles["wide"]}>{kind === "dimse" ? `${title}@${host}:${port}` : url}</span>
      <div className={styles["dim"]}>
        {[t(`sources.${kind}`), tls && "TLS", encodings.map((one) => t(`encodings.${one}`)).join(", ")]
          .filter(Boolean)
          .join(" · ")}
      </div>
    </>
  );
}

function State({ destination }: { destination: Destination }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const faultText = useFaultText();
  if (!destination.enabled) return t("destinations.off");
  if (!destination.down_since) return t("destinations.answers");
  return (
    <>
      <span className={styles["warning"]}>
        {t("destinations.down", { since: format.when(destination.down_since) })}
      </span>
      <div className={styles["dim"]}>
        {faultText(destination.error, destination.detail)}
        {destination.retry_at && ` ${t("retry", { time: format.clock(destination.retry_at) })}`}
      </div>
    </>
  );
}

function EchoAnswer({ result }: { result: EchoResult }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const faultText = useFaultText();
  return (
    <div role="status" className={result.ok ? styles["good"] : styles["warning"]}>
      {result.ok
        ? t("destinations.echoed", { seconds: format.seconds(result.seconds) })
        : faultText(result.error, result.detail)}
    </div>
  );
}
