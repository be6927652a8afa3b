import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ReportPage } from "@/features/report/report-page";
import { Viewer } from "@/features/viewer/viewer";
import { meQuery } from "@/shared/api/session";

const route = getRouteApi("/scans/$scanId");

/** The report with the viewer beside it; neither imports the other. */
export function ScanRoute() {
  const { scanId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  if (!me) return null;
  return (
    <ReportPage
      key={scanId}
      me={me}
      scanId={scanId}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      viewer={(viewing) => <Viewer {...viewing} />}
    />
  );
}
