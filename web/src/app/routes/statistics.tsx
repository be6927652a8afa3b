import { useQuery } from "@tanstack/react-query";
import { NotFound } from "@/app/not-found";
import { StatisticsPage } from "@/features/statistics/statistics";
import { meQuery } from "@/shared/api/session";

export function StatisticsRoute() {
  const me = useQuery(meQuery).data;
  if (!me) return null;
  return me.role === "radiologist" ? <NotFound /> : <StatisticsPage me={me} />;
}
