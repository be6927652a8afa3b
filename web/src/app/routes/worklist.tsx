import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Worklist } from "@/features/worklist/worklist";
import { meQuery } from "@/shared/api/session";

const route = getRouteApi("/worklist");

export function WorklistRoute() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  if (!me) return null;
  return <Worklist me={me} search={search} onSearch={(next) => void navigate({ search: next, replace: true })} />;
}
