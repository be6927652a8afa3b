import { IconShieldX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { modelCardQuery, operatingPointQuery } from "@/shared/api/statistics";
import { useFormat } from "@/shared/format/use-format";
import { useCodeTexts } from "@/shared/i18n/code-texts";
import styles from "./shell.module.css";

export function Footer({ signedIn }: { signedIn: boolean }) {
  const { t } = useTranslation();
  return (
    <footer className={styles["footer"]}>
      <span className={styles["device"]}>
        <IconShieldX size={15} stroke={1.7} aria-hidden />
        {t("noMedicalDevice")}
      </span>
      {signedIn && <ModelSummary />}
    </footer>
  );
}

function ModelSummary() {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useCodeTexts();
  const card = useQuery(modelCardQuery).data;
  const point = useQuery(operatingPointQuery).data?.body;
  return (
    <span className={styles["facts"]}>
      {card && (
        <span>
          {t("footer.model")} {card.version}
        </span>
      )}
      {point && (
        <span>
          {t("footer.point")} {format.probability(point.threshold)} ({words.point(point.name)})
        </span>
      )}
    </span>
  );
}
