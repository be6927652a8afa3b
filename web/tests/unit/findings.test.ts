import { expect, it } from "vitest";
import { FINDINGS } from "@/shared/api/findings";
import en from "@/shared/i18n/en";
import ru from "@/shared/i18n/ru";

it("has words for each of the 16 findings, in both languages", () => {
  expect(FINDINGS).toHaveLength(16);
  expect(Object.keys(en.medicine.findings)).toEqual([...FINDINGS]);
  expect(Object.keys(ru.medicine.findings)).toEqual([...FINDINGS]);
});
