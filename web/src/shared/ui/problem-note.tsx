import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/shared/api/problem";
import { problemText, useCodeTexts } from "@/shared/i18n/code-texts";
import styles from "./notes.module.css";

interface Props {
  error: unknown;
  onRetry?: (() => void) | undefined;
  /** More buttons beside the retry. */
  children?: ReactNode;
}

/** An error: what happened, what to do, the server's `detail`, and a retry button if a retry can help. */
export function ProblemNote({ error, onRetry, children }: Props) {
  const { t } = useTranslation();
  const { title, advice } = problemText(error, useCodeTexts());
  return (
    <div className={styles["note"]} role="alert">
      <IconAlertTriangle size={20} aria-hidden />
      <div style={{ flex: 1 }}>
        <div className={styles["title"]}>{title}</div>
        <div className={styles["advice"]}>{advice}</div>
        <Facts error={error} />
        {(children || onRetry) && (
          <div className={styles["actions"]}>
            {onRetry && (
              <Button size="xs" variant="default" onClick={onRetry}>
                {t("actions.retry")}
              </Button>
            )}
            {children}
          </div>
        )}
      </div>
    </div>
  );
}

function Facts({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!(error instanceof Problem)) return null;
  const id = error.requestId && t("requestId", { id: error.requestId });
  const facts = [error.detail, id].filter(Boolean).join(" · ");
  return facts ? (
    <div className={styles["detail"]} lang="en">
      {facts}
    </div>
  ) : null;
}
