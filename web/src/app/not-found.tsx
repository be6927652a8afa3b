import { VisuallyHidden } from "@mantine/core";
import { IconMapQuestion } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Empty } from "@/shared/ui/empty";
import { LinkButton } from "@/shared/ui/link-button";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <VisuallyHidden component="h1">{t("notFound.title")}</VisuallyHidden>
      <Empty icon={IconMapQuestion} title={t("notFound.title")} advice={t("notFound.advice")}>
        <LinkButton to="/worklist">{t("notFound.home")}</LinkButton>
      </Empty>
    </>
  );
}
