import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { change, get, getVersioned, remove } from "./http";
import type { Page, Patient, PatientInput } from "./model";

export interface PatientsAsked {
  q?: string | undefined;
  sort?: "newest" | "name" | undefined;
  limit: number;
  offset: number;
}

export const patientsKey = ["patients"] as const;

export function patientsQuery(asked: PatientsAsked) {
  return queryOptions({
    queryKey: [...patientsKey, "list", asked],
    queryFn: ({ signal }) => get<Page<Patient>>("/api/patients", { query: { ...asked }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** The patient with the version that an edit must name. */
export function patientQuery(id: string) {
  return queryOptions({
    queryKey: [...patientsKey, "one", id],
    queryFn: ({ signal }) => getVersioned<Patient>(`/api/patients/${id}`, { signal }),
  });
}

export function createPatient(patient: PatientInput): Promise<Patient> {
  return change("POST", "/api/patients", { json: patient });
}

/** Raises `precondition_failed` when somebody else changed the patient since `etag` was read. */
export function editPatient(id: string, patient: PatientInput, etag: string | null): Promise<Patient> {
  return change("PUT", `/api/patients/${id}`, { json: patient, headers: etag ? { "If-Match": etag } : {} });
}

export function deletePatient(id: string): Promise<void> {
  return remove(`/api/patients/${id}`);
}
