import { expect, it } from "vitest";
import { settingsOf, valuesOf } from "./destination-form";

it("sends only what belongs to the kind", () => {
  const typed = { ...valuesOf(null), name: " archive ", host: "pacs", called_ae: "ARCHIVE", url: "https://pacs/rs" };
  const dimse = settingsOf({ ...typed, storage_commitment: true });
  expect(dimse).toMatchObject({ name: "archive", host: "pacs", port: 104, url: null, storage_commitment: true });
  const stow = settingsOf({ ...typed, kind: "stow", tls: true, storage_commitment: true });
  expect(stow).toMatchObject({ host: null, port: null, called_ae: null, tls: false, storage_commitment: false });
  expect(stow).toMatchObject({ url: "https://pacs/rs", credential: null });
});
