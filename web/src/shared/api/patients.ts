import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { paths } from "#schema";
import { body, calls, ifMatch, versioned } from "./client";
import type { Patient, PatientInput } from "./model";

export type PatientFilters = NonNullable<paths["/api/patients"]["get"]["parameters"]["query"]>;

export const patientsKey = ["patients"] as const;

export function patientsQuery(filters: PatientFilters) {
  return queryOptions({
    queryKey: [...patientsKey, "list", filters],
    queryFn: ({ signal }) => body(calls.GET("/api/patients", { params: { query: filters }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** The patient with the ETag that an edit must send. */
export function patientQuery(id: string) {
  return queryOptions({
    queryKey: [...patientsKey, "one", id],
    queryFn: ({ signal }) => versioned(calls.GET("/api/patients/{patient_id}", { ...of(id), signal })),
  });
}

export function createPatient(patient: PatientInput): Promise<Patient> {
  return body(calls.POST("/api/patients", { body: patient }));
}

/** Throws `precondition_failed` if the patient was changed since `etag` was read. */
export function editPatient(id: string, patient: PatientInput, etag: string | null): Promise<Patient> {
  const params = { path: { patient_id: id }, header: ifMatch(etag) };
  return body(calls.PUT("/api/patients/{patient_id}", { params, body: patient }));
}

export async function deletePatient(id: string): Promise<void> {
  await calls.DELETE("/api/patients/{patient_id}", of(id));
}

function of(id: string) {
  return { params: { path: { patient_id: id } } };
}
