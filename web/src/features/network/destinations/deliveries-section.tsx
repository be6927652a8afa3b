import { Button, Pagination, Select, Table } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Delivery, DeliveryState } from "#schema";
import {
  type DeliveryFilter,
  deliveriesKey,
  deliveriesQuery,
  destinationsKey,
  sendAgain,
} from "@/shared/api/destinations";
import { shortId } from "@/shared/format/names";
import { useFormat } from "@/shared/format/use-format";
import { DateTime } from "@/shared/ui/date-time";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { NetworkTable } from "../network-table";
import { useFaultText } from "../use-fault-text";

const ROWS = 25;
const COLUMNS = ["created", "destination", "scan", "state", "objects"] as const;
const STATES = ["waiting", "sending", "sent", "committed", "failed"] as const satisfies DeliveryState[];

/** What went where, what waits, what failed and why. */
export function DeliveriesSection({ destinations }: { destinations: readonly string[] }) {
  const { t } = useTranslation(["network", "common"]);
  const [filter, setFilter] = useState<DeliveryFilter>({ destination: null, state: null });
  const [page, setPage] = useState(1);
  const deliveries = useQuery(deliveriesQuery(filter, ROWS, (page - 1) * ROWS));
  const narrow = (next: Partial<DeliveryFilter>) => {
    setPage(1);
    setFilter({ ...filter, ...next });
  };
  return (
    <Section
      title={t("deliveries.title")}
      aside={
        <div className={styles["filters"]}>
          <Select
            size="xs"
            clearable
            aria-label={t("deliveries.destination")}
            placeholder={t("deliveries.anyDestination")}
            data={[...destinations]}
            value={filter.destination}
            onChange={(destination) => narrow({ destination })}
          />
          <Select
            size="xs"
            clearable
            aria-label={t("deliveries.state")}
            placeholder={t("deliveries.anyState")}
            data={STATES.map((value) => ({ value, label: t(`deliveryStates.${value}`) }))}
            value={filter.state}
            onChange={(state) => narrow({ state: state as DeliveryState | null })}
          />
        </div>
      }
    >
      {deliveries.isError && <ProblemNote error={deliveries.error} onRetry={deliveries.refetch} />}
      {deliveries.data &&
        (deliveries.data.total === 0 ? (
          <p className={styles["dim"]}>{t("deliveries.none")}</p>
        ) : (
          <DeliveriesTable deliveries={deliveries.data.items} />
        ))}
      {deliveries.data && deliveries.data.total > ROWS && (
        <Pagination
          mt="sm"
          size="sm"
          total={Math.ceil(deliveries.data.total / ROWS)}
          value={page}
          onChange={setPage}
          getControlProps={(control) => ({
            "aria-label": t(control === "next" ? "common:actions.next" : "common:actions.previous"),
          })}
        />
      )}
    </Section>
  );
}

function DeliveriesTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  const { t } = useTranslation("network");
  return (
    <NetworkTable
      label={t("deliveries.title")}
      columns={COLUMNS.map((column) => t(`deliveries.${column}`))}
      actions={t("deliveries.again")}
    >
      {deliveries.map((delivery) => (
        <Row key={delivery.id} delivery={delivery} />
      ))}
    </NetworkTable>
  );
}

function Row({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation("network");
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => sendAgain(delivery.id),
    onSuccess: () =>
      Promise.all([deliveriesKey, destinationsKey].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  });
  const done = delivery.committed_at ?? delivery.sent_at ?? delivery.created_at;
  return (
    <Table.Tr>
      <Table.Td className={styles["dim"]}>
        <DateTime at={done} />
      </Table.Td>
      <Table.Td className={styles["name"]}>{delivery.destination}</Table.Td>
      <Table.Td>
        <Link className={styles["link"] ?? ""} to="/scans/$scanId" params={{ scanId: delivery.scan_id }}>
          {t("deliveries.report", { id: shortId(delivery.scan_id) })}
        </Link>
      </Table.Td>
      <Table.Td>
        <State delivery={delivery} />
        {again.isError && <ProblemNote error={again.error} />}
      </Table.Td>
      <Table.Td className={styles["number"]}>
        {delivery.objects > 0 &&
          t("deliveries.stored", { stored: String(delivery.objects_stored), of: String(delivery.objects) })}
      </Table.Td>
      <Table.Td className={styles["actions"]}>
        {delivery.state !== "sending" && (
          <Button size="compact-xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>
            {t("deliveries.again")}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function State({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation("network");
  const format = useFormat();
  const faultText = useFaultText();
  const next = delivery.error && delivery.next_attempt_at;
  return (
    <>
      <span data-state={delivery.state} className={styles["state"]}>
        {t(`deliveryStates.${delivery.state}`)}
      </span>
      {delivery.error && (
        <div className={styles["dim"]}>
          {faultText(delivery.error, delivery.detail)}
          {next && ` ${t("retry", { time: format.clock(next) })}`}
        </div>
      )}
    </>
  );
}
