import { Button, Switch, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Empty } from "@/shared/ui/empty";
import { Page } from "@/shared/ui/page";
import { Panel } from "@/shared/ui/section";
import { DropArea } from "./drop-area";
import { gather } from "./gather";
import { PatientPicker } from "./patient-picker";
import { uploads, useUploads } from "./store";
import styles from "./upload.module.css";
import { UploadItem } from "./upload-item";
import { isOver } from "./uploads";

interface Shown {
  patientId: string | null;
  onPatient: (patientId: string | null) => void;
}

export function UploadPage({ patientId, onPatient }: Shown) {
  const { t } = useTranslation("upload");
  const [description, setDescription] = useState("");
  const [urgent, setUrgent] = useState(false);
  const watch = useEndsOnReport();
  const send = (files: readonly File[]) => {
    const parcels = gather(files);
    if (parcels.length === 0) notifications.show({ message: t("nothingIn"), color: "yellow" });
    else if (patientId !== null) watch(uploads.add(parcels, { patientId, description, urgent }));
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
        {all.some(isOver) && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => uploads.forgetOver()}>
            {t("clear")}
          </Button>
        )}
      </div>
      {all.length === 0 && <Empty icon={IconUpload} title={t("empty.title")} advice={t("empty.advice")} />}
      <ul className={styles["list"]}>
        {all.map((upload) => (
          <UploadItem key={upload.key} upload={upload} />
        ))}
      </ul>
    </Panel>
  );
}

/** A single upload ends on its report, if the reader has waited for it here; of several each one has its link. */
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
