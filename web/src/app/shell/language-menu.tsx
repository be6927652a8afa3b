import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Language, setLanguage } from "@/shared/i18n";

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("language")}
      value={i18n.language}
      onChange={(language) => void setLanguage(language as Language)}
      data={[
        { value: "ru", label: "РУ" },
        { value: "en", label: "EN" },
      ]}
    />
  );
}
