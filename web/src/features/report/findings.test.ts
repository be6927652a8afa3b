import { describe, expect, it } from "vitest";
import type { Finding } from "@/shared/api/model";
import { assessedOf, statementOf } from "./findings";

const PRESENT: Finding = { name: "Emphysema", status: "present", score: 0.9, threshold: 0.5, slice: 7 };
const ABSENT: Finding = { name: "Lung nodule", status: "absent", score: 0.1, threshold: 0.5, slice: 3 };
const SILENT: Finding = { name: "Atelectasis", status: "not_assessed", score: null, threshold: null, slice: null };
const OLDER = { name: "Atelectasis", mean: 0.4, highest: 0.7, top_slices: 9 } as Finding;

describe("what is said of findings", () => {
  it("lists only what was assessed", () => {
    expect(assessedOf([PRESENT, ABSENT, SILENT, OLDER])).toEqual([PRESENT, ABSENT]);
  });

  it("lets a present finding of a pathology speak for itself", () => {
    expect(statementOf([PRESENT, ABSENT, SILENT], "pathology")).toBeNull();
  });

  it("says in words that a pathology has no name, and why", () => {
    expect(statementOf([ABSENT, SILENT], "pathology")).toBe("notDetermined");
    expect(statementOf([SILENT], "pathology")).toBe("noneAssessed");
  });

  it("names none beside a normal verdict, and does not hide one that is present", () => {
    expect(statementOf([ABSENT, SILENT], "normal")).toBe("normal");
    expect(statementOf([PRESENT, SILENT], "normal")).toBe("normalPresent");
  });

  it("does not repeat the guesses of an older report", () => {
    expect(statementOf([OLDER], "pathology")).toBe("older");
  });
});
