import type { ErrorComponentProps } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Page } from "@/shared/ui/page";
import { ProblemNote } from "@/shared/ui/problem-note";

export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <Page title={t("title")} scrolls>
      <ProblemNote error={error} onRetry={reset} />
    </Page>
  );
}
