import { Button, Switch, TextInput } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/shared/ui/empty-state";
import { notify } from "@/shared/ui/notify";
import { Page } from "@/shared/ui/page";
import { Panel } from "@/shared/ui/section";
import { DropArea } from "./drop-area";
import { PatientPicker } from "./patient-picker";
import { groupIntoScans } from "./scan-files";
import styles from "./upload.module.css";
import { uploads, useUploads } from "./upload-queue";
import { UploadRow } from "./upload-row";
import { isEnded } from "./upload-step";

interface Props {
  patientId: string | null;
  onPatient: (patientId: string | null) => void;
}

export function UploadPage({ patientId, onPatient }: Props) {
  const { t } = useTranslation("upload");
  const [description, setDescription] = useState("");
  const [urgent, setUrgent] = useState(false);
  const watch = useEndsOnReport();
  const send = (files: readonly File[]) => {
    const scans = groupIntoScans(files);
    if (scans.length === 0) notify(t("noFiles"), { color: "yellow" });
    else if (patientId !== null) watch(uploads.add(scans, { patientId, description, urgent }));
  };
  return (
    <Page title={t("title")} scrolls>
      <div className={styles["columns"]}>
        <Panel>
          <div className={styles["form"]}>
            <PatientPicker value={patientId} onChange={onPatient} />
            <TextInput
              label={t("description")}
              description={t("descriptionHint")}
              value={description}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
            <Switch label={t("urgent")} checked={urgent} onChange={(event) => setUrgent(event.currentTarget.checked)} />
            <DropArea disabled={patientId === null} onFiles={send} />
          </div>
        </Panel>
        <UploadsOfSession />
      </div>
    </Page>
  );
}

function UploadsOfSession() {
  const { t } = useTranslation("upload");
  const all = useUploads();
  return (
    <Panel>
      <div className={styles["head"]}>
        <strong>{t("list")}</strong>
        {all.some(isEnded) && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => uploads.removeEnded()}>
            {t("clear")}
          </Button>
        )}
      </div>
      {all.length === 0 && <EmptyState icon={IconUpload} title={t("empty.title")} advice={t("empty.advice")} />}
      <ul className={styles["list"]}>
        {all.map((upload) => (
          <UploadRow key={upload.key} upload={upload} />
        ))}
      </ul>
    </Panel>
  );
}

/** After a single upload the report opens, if the user is still on this page; several uploads have links. */
function useEndsOnReport(): (keys: readonly string[]) => void {
  const watched = useRef<readonly string[]>([]);
  const navigate = useNavigate();
  const all = useUploads();
  useEffect(() => {
    const [key, ...others] = watched.current;
    const step = all.find((upload) => upload.key === key)?.step;
    if (others.length === 0 && step?.at === "ended" && step.analysis.state === "done") {
      watched.current = [];
      void navigate({ to: "/scans/$scanId", params: { scanId: step.scanId } });
    }
  }, [all, navigate]);
  return (keys) => {
    watched.current = [...watched.current, ...keys];
  };
}
