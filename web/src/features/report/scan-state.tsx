import { Button, Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Analysis, Scan } from "@/shared/api/model";
import { Problem } from "@/shared/api/problem";
import { useAnalyse } from "@/shared/hooks/use-analyse";
import { useWords } from "@/shared/i18n/words";
import { ProblemNote } from "@/shared/ui/problem-note";
import { shareDone } from "@/shared/ui/progress";
import styles from "./report.module.css";

interface Shown {
  scan: Scan;
  analysis: Analysis | null;
}

/** What stands in the report's place while there is none. */
export function ScanState({ scan, analysis }: Shown) {
  if (scan.status === "queued" || scan.status === "running")
    return <Working status={scan.status} analysis={analysis} />;
  if (scan.status === "received") return <Unasked scanId={scan.id} words="none" />;
  if (scan.status === "cancelled") return <Unasked scanId={scan.id} words="cancelled" />;
  return scan.error ? <Failed scan={scan} error={scan.error} /> : null;
}

function Working({ status, analysis }: { status: "queued" | "running"; analysis: Analysis | null }) {
  const { t } = useTranslation(["report", "worklist"]);
  const words = useWords();
  const place = analysis?.queue_position;
  const waiting = status === "queued" && analysis?.state !== "running";
  const slices = analysis && analysis.slices_total > 0;
  return (
    <div className={styles["work"]} role="status">
      <h2 className={styles["workTitle"]}>{t("work.title")}</h2>
      <Progress value={100 * shareDone(analysis)} animated aria-label={t("work.title")} />
      <div className={styles["dim"]}>
        {waiting
          ? place
            ? t("worklist:queuePlace", { place })
            : t("work.queued")
          : words.stage(analysis?.stage ?? "reading")}
        {slices && ` · ${t("worklist:slicesDone", { done: analysis.slices_done, total: analysis.slices_total })}`}
      </div>
      <div className={styles["dim"]}>{t("work.advice")}</div>
    </div>
  );
}

function Unasked({ scanId, words }: { scanId: string; words: "none" | "cancelled" }) {
  const { t } = useTranslation("report");
  const analyse = useAnalyse(scanId);
  return (
    <div className={styles["work"]}>
      <h2 className={styles["workTitle"]}>{t(`${words}.title`)}</h2>
      <div className={styles["dim"]}>{t(`${words}.advice`)}</div>
      {analyse.isError && <ProblemNote error={analyse.error} />}
      <Button onClick={() => analyse.mutate()} loading={analyse.isPending}>
        {t("actions.analyse")}
      </Button>
    </div>
  );
}

function Failed({ scan, error }: { scan: Scan; error: string }) {
  const analyse = useAnalyse(scan.id);
  return (
    <div className={styles["work"]}>
      <ProblemNote error={new Problem(422, error, "")} onRetry={() => analyse.mutate()} />
    </div>
  );
}
