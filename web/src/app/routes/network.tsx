import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { NotFound } from "@/app/not-found";
import { NetworkPage } from "@/features/network/network";
import { meQuery } from "@/shared/api/session";
import { may } from "@/shared/format/names";

const route = getRouteApi("/network");

export function NetworkRoute() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  if (!me) return null;
  if (!may(me, "operation.write")) return <NotFound />;
  return <NetworkPage search={search} onSearch={(next) => void navigate({ search: next })} />;
}
