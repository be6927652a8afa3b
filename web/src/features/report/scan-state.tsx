import { Button, Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Analysis, Scan } from "@/shared/api/model";
import { Problem } from "@/shared/api/problem";
import { useAnalyse } from "@/shared/hooks/use-analyse";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { ProblemNote } from "@/shared/ui/problem-note";
import { shareDone } from "@/shared/ui/progress";
import styles from "./report.module.css";

interface Props {
  scan: Scan;
  analysis: Analysis | null;
}

/** Shown instead of the report until there is one. */
export function ScanState({ scan, analysis }: Props) {
  if (scan.status === "queued" || scan.status === "running")
    return <Working status={scan.status} analysis={analysis} />;
  if (scan.status === "received") return <NotAnalysed scanId={scan.id} words="none" />;
  if (scan.status === "cancelled") return <NotAnalysed scanId={scan.id} words="cancelled" />;
  return scan.error ? <Failed scan={scan} error={scan.error} /> : null;
}

function Working({ status, analysis }: { status: "queued" | "running"; analysis: Analysis | null }) {
  const { t } = useTranslation(["report", "worklist"]);
  const words = useCodeTexts();
  const place = analysis?.queue_position;
  const waiting = status === "queued" && analysis?.state !== "running";
  const slices = analysis && analysis.slices_total > 0;
  return (
    <div className={styles["work"]} role="status">
      <h2 className={styles["workTitle"]}>{t("inProgress.title")}</h2>
      <Progress value={100 * shareDone(analysis)} animated aria-label={t("inProgress.title")} />
      <div className={styles["dim"]}>
        {waiting
          ? place
            ? t("worklist:queuePlace", { place })
            : t("inProgress.queued")
          : words.stage(analysis?.stage ?? "reading")}
        {slices && ` · ${t("worklist:slicesDone", { done: analysis.slices_done, total: analysis.slices_total })}`}
      </div>
      <div className={styles["dim"]}>{t("inProgress.advice")}</div>
    </div>
  );
}

function NotAnalysed({ scanId, words }: { scanId: string; words: "none" | "cancelled" }) {
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
