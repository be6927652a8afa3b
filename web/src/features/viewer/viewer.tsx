import { useTranslation } from "react-i18next";
import { ProblemNote } from "@/shared/ui/problem-note";
import type { Viewing as Asked } from "@/shared/viewing/slot";
import { useSeries } from "./loading/use-series";
import { evidenceOf } from "./state/evidence";
import styles from "./viewer.module.css";
import { Workplace } from "./workplace";

/** The series of a scan and what the networks saw in it. It says in words what is missing, and is never blank. */
export function Viewer(asked: Asked) {
  const evidence = evidenceOf(asked.study);
  const loaded = useSeries(
    asked.scan.id,
    asked.study?.row.study_uid ?? null,
    asked.slice ?? evidence?.keySlice ?? null,
  );
  if (loaded.store)
    return (
      <Workplace key={loaded.store.series.uid} asked={asked} loaded={loaded} store={loaded.store} evidence={evidence} />
    );
  return (
    <div className={styles["empty"]}>
      {loaded.problem ? <ProblemNote error={loaded.problem} onRetry={loaded.retry} /> : <Waiting />}
    </div>
  );
}

function Waiting() {
  const { t } = useTranslation("viewer");
  return (
    <p className={styles["waiting"]} role="status">
      {t("loading")}
    </p>
  );
}
