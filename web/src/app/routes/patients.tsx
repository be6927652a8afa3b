import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Patients } from "@/features/patients/patients";
import { meQuery } from "@/shared/api/session";

const route = getRouteApi("/patients");

export function PatientsRoute() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  if (!me) return null;
  return (
    <Patients
      me={me}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
      onOpen={(patientId) => void navigate({ to: "/patients/$patientId", params: { patientId } })}
    />
  );
}
