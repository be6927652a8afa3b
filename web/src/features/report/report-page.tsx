import { ActionIcon } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Me, Scan } from "@/shared/api/model";
import { reportQuery } from "@/shared/api/reports";
import { scanQuery } from "@/shared/api/scans";
import { useFormat } from "@/shared/format/use-format";
import { Page, useTitle } from "@/shared/ui/page";
import { usePatientName } from "@/shared/ui/patient-name";
import { ProblemNote } from "@/shared/ui/problem-note";
import type { ViewerSlot } from "@/shared/viewing/viewer-slot";
import { Downloads } from "./downloads";
import { OpenInViewer } from "./open-in-viewer";
import styles from "./report.module.css";
import { ReportSections } from "./report-sections";
import { ScanActions } from "./scan-actions";
import { ScanState } from "./scan-state";
import type { ReportSearch } from "./search";
import { useRunningAnalysis } from "./use-running-analysis";

interface Props {
  me: Me;
  scanId: string;
  search: ReportSearch;
  onSearch: (search: ReportSearch) => void;
  viewer: ViewerSlot;
}

export function ReportPage({ me, scanId, search, onSearch, viewer }: Props) {
  const { t } = useTranslation("report");
  const scan = useQuery(scanQuery(scanId));
  if (scan.isError) {
    return (
      <Page title={t("title")} scrolls>
        <ProblemNote error={scan.error} onRetry={scan.refetch} />
      </Page>
    );
  }
  return scan.data ? (
    <ScanReportPage me={me} scan={scan.data} search={search} onSearch={onSearch} viewer={viewer} />
  ) : null;
}

function ScanReportPage({ me, scan, search, onSearch, viewer }: Omit<Props, "scanId"> & { scan: Scan }) {
  const report = useQuery({ ...reportQuery(scan.id), enabled: scan.status !== "received" });
  const working = useRunningAnalysis(scan);
  const study = report.data?.studies[search.study ?? 0] ?? null;
  const onSlice = (slice: number) => onSearch({ ...search, slice });
  return (
    <div className={styles["page"]}>
      <Bar scan={scan}>
        <OpenInViewer me={me} studyUid={study?.row.study_uid ?? null} />
        <Downloads me={me} scan={scan} hasReport={Boolean(report.data)} />
        <ScanActions me={me} scan={scan} />
      </Bar>
      <div className={styles["body"]}>
        <div className={styles["viewer"]}>{viewer({ scan, study, slice: search.slice ?? null, onSlice })}</div>
        <aside className={styles["side"]}>
          {report.isError && <ProblemNote error={report.error} onRetry={report.refetch} />}
          {report.data && study && !working ? (
            <ReportSections
              me={me}
              scan={scan}
              report={report.data}
              study={study}
              search={search}
              onSearch={onSearch}
            />
          ) : (
            <ScanState scan={scan} analysis={working} />
          )}
        </aside>
      </div>
    </div>
  );
}

function Bar({ scan, children }: { scan: Scan; children: React.ReactNode }) {
  const { t } = useTranslation(["report", "common"]);
  const format = useFormat();
  const back = useBack();
  useHotkeys([["u", back]]);
  const name = usePatientName(scan.patient_id, scan.patient);
  useTitle(name);
  return (
    <div className={styles["bar"]}>
      <ActionIcon variant="subtle" color="gray" aria-label={t("common:actions.back")} onClick={back}>
        <IconArrowLeft size={18} />
      </ActionIcon>
      <div className={styles["who"]}>
        <h1 className={styles["name"]}>
          <Link to="/patients/$patientId" params={{ patientId: scan.patient_id }}>
            {name}
          </Link>
        </h1>
        <span className={styles["about"]}>
          {[t("of", { date: format.when(scan.created_at) }), scan.description, scan.file_name]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </div>
      {children}
    </div>
  );
}

/** To the list that the reader came from; to the worklist when the report was opened by its address. */
function useBack(): () => void {
  const { history } = useRouter();
  const navigate = useNavigate();
  return () => (history.canGoBack() ? history.back() : void navigate({ to: "/worklist" }));
}
