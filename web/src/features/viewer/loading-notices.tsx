import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/shared/api/problem";
import { useFormat } from "@/shared/format/use-format";
import { problemText, useCodeTexts } from "@/shared/i18n/code-texts";
import type { LoadingSeries } from "./loading/use-series";
import type { Overlays } from "./state/use-overlays";
import styles from "./viewer.module.css";
import { DecodeFailure } from "./volume/nifti";

interface Props {
  loaded: LoadingSeries;
  overlays: Overlays;
}

/** What is still loading, and what failed; loaded slices stay visible. */
export function LoadingNotices({ loaded, overlays: { heat, lungs } }: Props) {
  const { t } = useTranslation("viewer");
  const format = useFormat();
  const coarser = loaded.step !== 1;
  return (
    <div className={styles["notices"]} role="status" data-loading={loaded.share < 1 && loaded.step !== null}>
      {loaded.problem ? <Failure error={loaded.problem} what={t("problems.series")} onRetry={loaded.retry} /> : null}
      {heat.problem ? <Failure error={heat.problem} what={t("problems.heatmap")} onRetry={heat.retry} /> : null}
      {lungs.problem ? <Failure error={lungs.problem} what={t("problems.lungs")} onRetry={lungs.retry} /> : null}
      {heat.waiting || lungs.waiting ? <span>{t("waiting")}</span> : null}
      {coarser ? <span>{loaded.step === null ? t("tooLarge") : t("large", { step: loaded.step })}</span> : null}
      {!loaded.problem && loaded.share < 1 && loaded.step !== null ? (
        <span className={styles["share"]}>{t("share", { share: format.percent(loaded.share) })}</span>
      ) : null}
    </div>
  );
}

function Failure({ error, what, onRetry }: { error: unknown; what: string; onRetry: () => void }) {
  const { t } = useTranslation("common");
  return (
    <span className={styles["failure"]}>
      <IconAlertTriangle size={16} aria-hidden />
      {what} {useReason(error)}
      <Button size="compact-xs" variant="default" onClick={onRetry}>
        {t("actions.retry")}
      </Button>
    </span>
  );
}

function useReason(error: unknown): string {
  const { t } = useTranslation("viewer");
  const words = useCodeTexts();
  if (error instanceof DecodeFailure) return t("problems.decode");
  if (error instanceof Problem && error.status === 404) return t("problems.notYet");
  const { title, advice } = problemText(error, words);
  return `${title}. ${advice}`;
}
