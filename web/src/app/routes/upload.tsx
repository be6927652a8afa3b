import { getRouteApi } from "@tanstack/react-router";
import { UploadPage } from "@/features/upload/upload";

const route = getRouteApi("/upload");

export function UploadRoute() {
  const { patient } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <UploadPage
      patientId={patient || null}
      onPatient={(id) => void navigate({ search: id === null ? {} : { patient: id }, replace: true })}
    />
  );
}
