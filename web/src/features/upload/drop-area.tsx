import { Button } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { IconFolderOpen } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import styles from "./upload.module.css";

// React does not know this attribute; every browser supports it.
const WHOLE_FOLDER = { webkitdirectory: "" };

interface Props {
  disabled: boolean;
  onFiles: (files: readonly File[]) => void;
}

export function DropArea({ disabled, onFiles }: Props) {
  const { t } = useTranslation("upload");
  const openFiles = useRef<() => void>(null);
  const folder = useRef<HTMLInputElement>(null);
  return (
    <>
      <Dropzone
        className={styles["drop"] ?? ""}
        onDrop={onFiles}
        openRef={openFiles}
        disabled={disabled}
        activateOnClick={false}
        activateOnKeyboard={false}
        enablePointerEvents
        useFsAccessApi={false}
        tabIndex={-1}
        aria-label={t("drop.title")}
        data-disabled={disabled || undefined}
      >
        <IconFolderOpen size={46} stroke={1.2} className={styles["dropIcon"]} aria-hidden />
        <div className={styles["dropTitle"]}>{t("drop.title")}</div>
        <div className={styles["choices"]}>
          {t("drop.or")}
          <Button size="xs" variant="default" disabled={disabled} onClick={() => folder.current?.click()}>
            {t("drop.folder")}
          </Button>
          <Button size="xs" variant="default" disabled={disabled} onClick={() => openFiles.current?.()}>
            {t("drop.files")}
          </Button>
        </div>
        <div className={styles["kinds"]}>{disabled ? t("patient.first") : t("drop.kinds")}</div>
      </Dropzone>
      <input
        ref={folder}
        type="file"
        hidden
        {...WHOLE_FOLDER}
        aria-label={t("drop.folder")}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = ""; // the same folder may be chosen again
        }}
      />
    </>
  );
}
