import { CloseButton, Progress } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Problem } from "@/shared/api/problem";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import { LinkButton } from "@/shared/ui/link-button";
import { ProblemNote } from "@/shared/ui/problem-note";
import { shareDone } from "@/shared/ui/progress";
import styles from "./upload.module.css";
import { uploads } from "./upload-queue";
import { UploadResult } from "./upload-result";
import { isEnded, type Step, type Upload } from "./upload-step";

export function UploadRow({ upload }: { upload: Upload }) {
  const { t } = useTranslation("upload");
  const format = useFormat();
  const { key, scanFiles, step } = upload;
  const over = isEnded(upload);
  const count = scanFiles.files.length;
  return (
    <li className={styles["item"]}>
      <div>
        <div className={styles["name"]} title={scanFiles.name}>
          {scanFiles.name}
        </div>
        <div className={styles["dim"]}>
          {t("files", { count, formatted: format.whole(count) })} · {format.bytes(scanFiles.bytes)}
        </div>
      </div>
      <CloseButton
        aria-label={over ? t("remove") : t("stop")}
        title={over ? t("remove") : t("stop")}
        onClick={() => (over ? uploads.remove(key) : uploads.stop(key))}
      />
      <div className={styles["state"]}>
        {step.at === "failed" ? (
          <ProblemNote error={step.error} onRetry={() => uploads.retry(key)} />
        ) : step.at === "ended" && step.analysis.state === "failed" ? (
          <ProblemNote
            error={new Problem(422, step.analysis.error ?? "other", step.analysis.detail ?? "")}
            onRetry={() => uploads.retry(key)}
          >
            <ReportLink scanId={step.scanId} />
          </ProblemNote>
        ) : step.at === "ended" ? (
          <UploadResult scanId={step.scanId}>
            <ReportLink scanId={step.scanId} />
          </UploadResult>
        ) : (
          <Line step={step} />
        )}
      </div>
    </li>
  );
}

function ReportLink({ scanId }: { scanId: string }) {
  const { t } = useTranslation("upload");
  return (
    <LinkButton to="/scans/$scanId" params={{ scanId }} size="xs" variant="default">
      {t("report")}
    </LinkButton>
  );
}

function Line({ step }: { step: Step }) {
  const text = useStepText(step);
  return (
    <div className={styles["line"]}>
      <Progress value={100 * shareOf(step)} size={6} radius="xs" aria-label={text} animated={step.at === "analysing"} />
      <span className={styles["stateText"]} role="status">
        {text}
      </span>
    </div>
  );
}

function useStepText(step: Step): string {
  const { t } = useTranslation("upload");
  const format = useFormat();
  const words = useCodeTexts();
  switch (step.at) {
    case "zipping":
    case "sending":
      return t(`states.${step.at}`, { share: format.percent(step.share) });
    case "analysing":
      return step.analysis.stage ? words.stage(step.analysis.stage) : t("states.queued");
    case "stopped":
      return t("states.cancelled");
    case "requesting":
      return t("states.requesting");
    default:
      return t("states.waiting");
  }
}

/** Zipping, sending and analysing as one share from 0 to 1. */
function shareOf(step: Step): number {
  if (step.at === "zipping") return 0.25 * step.share;
  if (step.at === "sending") return 0.25 + 0.45 * step.share;
  if (step.at === "requesting") return 0.7;
  return step.at === "analysing" ? 0.7 + 0.3 * shareDone(step.analysis) : 0;
}
