import type { Me } from "@/shared/api/model";

interface NameParts {
  first_name: string | null;
  last_name: string | null;
}

/** Last name first; null if no name may be shown. */
export function fullName(patient: NameParts): string | null {
  return [patient.last_name, patient.first_name].filter(Boolean).join(" ") || null;
}

/** The first letters of an id: enough to tell pseudonyms apart on a page. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

export function may(me: Me | null | undefined, scope: string): boolean {
  return me?.scopes.includes(scope) ?? false;
}
