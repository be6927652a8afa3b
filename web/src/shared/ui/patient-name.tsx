import { useTranslation } from "react-i18next";
import { fullName, shortId } from "@/shared/format/names";

interface Props {
  id: string;
  patient: { first_name: string | null; last_name: string | null };
}

/** The patient's name, or a pseudonym for those who may not see it. */
export function PatientName({ id, patient }: Props) {
  return <>{usePatientName(id, patient)}</>;
}

export function usePatientName(id: string, patient: Props["patient"]): string {
  const { t } = useTranslation("patients");
  return fullName(patient) ?? t("pseudonym", { id: shortId(id) });
}
