import { getRouteApi } from "@tanstack/react-router";
import { Worklist } from "@/features/worklist/worklist";

const route = getRouteApi("/worklist");

export function WorklistRoute() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return <Worklist search={search} onSearch={(next) => void navigate({ search: next, replace: true })} />;
}
