import { Progress as Bar } from "@mantine/core";
import type { Scan } from "@/shared/api/model";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { shareDone } from "@/shared/ui/progress";
import styles from "./worklist.module.css";

/** The progress of an analysis, shown until there is a verdict. */
export function RowProgress({ scan: { status, progress } }: { scan: Scan }) {
  const words = useCodeTexts();
  const text = progress?.stage ? words.stage(progress.stage) : words.status(status);
  return (
    <div className={styles["progress"]}>
      <Bar
        value={100 * shareDone(progress)}
        size={5}
        w={112}
        radius="xs"
        aria-label={text}
        animated={status === "running"}
      />
      <span className={styles["dim"]}>{text}</span>
    </div>
  );
}
