import { useTranslation } from "react-i18next";

type Lookup = (key: string, options: { defaultValue: string }) => string;

/** Why a destination does not answer or a delivery failed, by its code; the server's text for a code without words. */
export function useFaultText(): (code: string | null | undefined, detail: string | null | undefined) => string {
  const { t } = useTranslation("network");
  return (code, detail) => (code ? (t as unknown as Lookup)(`faults.${code}`, { defaultValue: detail ?? code }) : "");
}
