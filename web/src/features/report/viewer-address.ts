const STUDY_UID = "{study_uid}";

/** The address of a study in the hospital's viewer, by its template; null without a template or a study. */
export function viewerAddress(template: string | null, studyUid: string | null): string | null {
  if (!template || !studyUid || !/^https?:\/\//.test(template)) return null;
  return template.replaceAll(STUDY_UID, encodeURIComponent(studyUid));
}
