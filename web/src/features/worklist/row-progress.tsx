import { Progress as Bar } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { analysisQuery } from "@/shared/api/analyses";
import type { Scan } from "@/shared/api/model";
import { useWords } from "@/shared/i18n/words";
import { shareDone } from "@/shared/ui/progress";
import styles from "./worklist.module.css";

const ASK_MS = 1_500;

/** How far a scan in work is; the list may tell it, else it is asked for while the row is on the screen. */
export function RowProgress({ scan }: { scan: Scan }) {
  const { t } = useTranslation("worklist");
  const words = useWords();
  const asked = useQuery({ ...analysisQuery(scan.id), enabled: !scan.progress, refetchInterval: ASK_MS });
  const progress = scan.progress ?? asked.data;
  const place = progress?.queue_position;
  const waits = scan.status === "queued";
  const text = waits
    ? place
      ? t("queuePlace", { place })
      : words.status("queued")
    : progress?.stage
      ? words.stage(progress.stage)
      : words.status("running");
  return (
    <div className={styles["progress"]}>
      <Bar
        value={waits ? 0 : 100 * shareDone(progress)}
        size={5}
        w={112}
        radius="xs"
        aria-label={text}
        animated={!waits}
      />
      <span className={styles["dim"]}>{text}</span>
    </div>
  );
}
