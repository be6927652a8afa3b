import { useTranslation } from "react-i18next";
import { ProblemNote } from "@/shared/ui/problem-note";
import type { ViewerRequest } from "@/shared/viewing/viewer-slot";
import { useSeries } from "./loading/use-series";
import { evidenceOf } from "./state/evidence";
import styles from "./viewer.module.css";
import { ViewerLayout } from "./viewer-layout";

/** The series of a scan with the networks' maps. If something is missing a text says so. */
export function Viewer(request: ViewerRequest) {
  const evidence = evidenceOf(request.study);
  const loaded = useSeries(
    request.scan.id,
    request.study?.row.study_uid ?? null,
    request.slice ?? evidence?.keySlice ?? null,
  );
  if (loaded.store)
    return (
      <ViewerLayout
        key={loaded.store.series.uid}
        request={request}
        loaded={loaded}
        store={loaded.store}
        evidence={evidence}
      />
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
