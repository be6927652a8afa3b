import { useQuery } from "@tanstack/react-query";
import { NotFound } from "@/app/not-found";
import { Numbers } from "@/features/numbers/numbers";
import { meQuery } from "@/shared/api/session";

export function NumbersRoute() {
  const me = useQuery(meQuery).data;
  if (!me) return null;
  return me.role === "radiologist" ? <NotFound /> : <Numbers me={me} />;
}
