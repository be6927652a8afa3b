import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { PatientCard } from "@/features/patients/patient-card";
import { meQuery } from "@/shared/api/session";

const route = getRouteApi("/patients/$patientId");

export function PatientRoute() {
  const { patientId } = route.useParams();
  const navigate = route.useNavigate();
  const me = useQuery(meQuery).data;
  return me ? (
    <PatientCard
      key={patientId}
      me={me}
      patientId={patientId}
      onGone={() => void navigate({ to: "/patients", replace: true })}
    />
  ) : null;
}
