import { Button, Group } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Destination } from "#schema";
import { deleteDestination, destinationsKey, destinationsQuery } from "@/shared/api/destinations";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { ProblemNote } from "@/shared/ui/problem-note";
import { Panel, Section } from "@/shared/ui/section";
import styles from "../network.module.css";
import { DeliveriesSection } from "./deliveries-section";
import { DestinationDialog } from "./destination-dialog";
import { DestinationsTable } from "./destinations-table";

/** Where results go, whether each destination answers, and every delivery. */
export function DestinationsPanel() {
  const { t } = useTranslation("network");
  const destinations = useQuery(destinationsQuery);
  const [edited, setEdited] = useState<Destination | "new" | null>(null);
  const [deleted, setDeleted] = useState<Destination | null>(null);
  if (destinations.isError) return <ProblemNote error={destinations.error} onRetry={destinations.refetch} />;
  if (!destinations.data) return null;
  const { items } = destinations.data;
  return (
    <Panel>
      <Section title={t("destinations.title")}>
        {items.length === 0 ? (
          <p className={styles["dim"]}>{t("destinations.none")}</p>
        ) : (
          <DestinationsTable destinations={items} onEdit={setEdited} onDelete={setDeleted} />
        )}
        <Group mt="md">
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setEdited("new")}>
            {t("destinations.add")}
          </Button>
        </Group>
      </Section>
      <DeliveriesSection destinations={items.map(({ name }) => name)} />
      {edited !== null && (
        <DestinationDialog destination={edited === "new" ? null : edited} onClose={() => setEdited(null)} />
      )}
      {deleted !== null && <DeleteDialog destination={deleted} onClose={() => setDeleted(null)} />}
    </Panel>
  );
}

function DeleteDialog({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const { t } = useTranslation("network");
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteDestination(destination.id),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: destinationsKey });
    },
  });
  return (
    <ConfirmDialog
      opened
      title={t("destinations.askDelete", { name: destination.name })}
      text={t("destinations.askDeleteText")}
      confirm={t("destinations.delete")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={remove.mutate}
      onClose={onClose}
    />
  );
}
