import { VisuallyHidden } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/shared/ui/empty-state";
import { LinkButton } from "@/shared/ui/link-button";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <VisuallyHidden component="h1">{t("notFound.title")}</VisuallyHidden>
      <EmptyState icon={IconMapQuestion} title={t("notFound.title")} advice={t("notFound.advice")}>
        <LinkButton to="/worklist">{t("notFound.home")}</LinkButton>
      </EmptyState>
    </>
  );
}
