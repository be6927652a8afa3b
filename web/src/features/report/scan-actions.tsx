import { ActionIcon, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconPlayerStop, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { cancelAnalysis } from "@/shared/api/analyses";
import type { Me, Scan } from "@/shared/api/model";
import { deleteScan, scansKey } from "@/shared/api/scans";
import { may } from "@/shared/format/names";
import { useAnalyse } from "@/shared/hooks/use-analyse";
import { ConfirmDialog } from "@/shared/ui/confirm-dialog";
import { notify } from "@/shared/ui/notify";

export function ScanActions({ me, scan }: { me: Me; scan: Scan }) {
  const { t } = useTranslation("report");
  const [asking, ask] = useDisclosure(false);
  const analyse = useAnalyse(scan.id);
  const queries = useQueryClient();
  const stop = useMutation({
    mutationFn: () => cancelAnalysis(scan.id),
    onSettled: () => queries.invalidateQueries({ queryKey: scansKey }),
  });
  const working = scan.status === "queued" || scan.status === "running";
  if (!may(me, "analyses.run") && !may(me, "scans.write")) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={t("actions.menu")}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {working ? (
            <Menu.Item leftSection={<IconPlayerStop size={16} />} onClick={() => stop.mutate()}>
              {t("actions.stop")}
            </Menu.Item>
          ) : (
            <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => analyse.mutate()}>
              {t("actions.again")}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={ask.open}>
            {t("actions.delete")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteScan scan={scan} opened={asking} onClose={ask.close} />
    </>
  );
}

function DeleteScan({ scan, opened, onClose }: { scan: Scan; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation("report");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deleteScan(scan.id),
    onSuccess: async () => {
      await navigate({ to: "/worklist", replace: true });
      notify(t("delete.done"));
      queries.removeQueries({ queryKey: [...scansKey, "one", scan.id] });
      await queries.invalidateQueries({ queryKey: [...scansKey, "list"] });
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title={t("delete.title")}
      text={t("delete.text")}
      confirm={t("delete.confirm")}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
