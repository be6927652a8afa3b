import { useTranslation } from "react-i18next";
import type { MeasuredOn } from "@/shared/api/model";
import { intervalOver } from "@/shared/api/model-figures";
import { useFormat } from "./use-format";

type Interval = readonly [number, number] | null | undefined;

/** The data set of a card that was calibrated on the site's own studies. */
const SITE = "site";

/** Words for measured proportions: each with its interval over patients, or with the words that it is not known. */
export function useFigures() {
  const { t } = useTranslation();
  const format = useFormat();
  return {
    proportion: (value: number | null | undefined, interval: Interval, measuredOn: MeasuredOn | null | undefined) => {
      if (value === null || value === undefined) return t("figures.unmeasured");
      const known = intervalOver(measuredOn, interval);
      const range = known
        ? t("figures.interval", { low: format.percent(known[0]), high: format.percent(known[1]) })
        : t("figures.intervalUnknown");
      return `${format.percent(value)} (${range})`;
    },
    measuredOn: (studies: MeasuredOn | null | undefined) =>
      studies
        ? t(studies.composed ? "figures.composed" : "figures.volumes", {
            studies: format.whole(studies.studies),
            sets: studies.data_sets.map((name) => (name === SITE ? t("figures.site") : name)).join(", "),
            pathological: format.whole(studies.patients_pathological),
            normal: format.whole(studies.patients_normal),
          })
        : t("figures.patientsUnknown"),
  };
}
