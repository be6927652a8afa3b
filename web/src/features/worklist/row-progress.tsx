import { Progress as Bar } from "@mantine/core";
import type { Scan } from "@/shared/api/model";
import { useWords } from "@/shared/i18n/words";
import { shareDone } from "@/shared/ui/progress";
import styles from "./worklist.module.css";

/** How far a scan in work is, in the place of what is not known yet. */
export function RowProgress({ scan: { status, progress } }: { scan: Scan }) {
  const words = useWords();
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
