import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import en from "@/shared/i18n/en";

const ROOT = join(import.meta.dirname, "../../..");
const CODE = /^ {4}code(?:, \w+)* = "(\w+)"/gm;
const BRANCHES = new Set([
  "gateway_error",
  "study_error",
  "intake_error",
  "series_error",
  "geometry_error",
  "pixel_error",
  "coverage_error",
  "engine_error",
]);

it.each(["screening/errors.py", "gateway/errors.py"])("has words for every code of %s", (file) => {
  const codes = [...readFileSync(join(ROOT, file), "utf-8").matchAll(CODE)].map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(5);
  const silent = codes.filter((code) => !BRANCHES.has(code) && !(code in en.errors));
  expect(silent).toEqual([]);
});

it("has words for every code of gateway/pacs/sending/faults.py", () => {
  const source = readFileSync(join(ROOT, "gateway/pacs/sending/faults.py"), "utf-8");
  const codes = [...source.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.filter((code) => !(code in en.network.faults))).toEqual([]);
});

it("has words for every refusal of gateway/pacs/receiving", () => {
  const read = (file: string) => readFileSync(join(ROOT, "gateway/pacs/receiving", file), "utf-8");
  const instances = [...read("refusals.py").matchAll(/^ {4}[A-Z_]+ = "(\w+)", Status/gm)];
  const associations = [...read("listener.py").matchAll(/_tell_refused\(loop, event, "(\w+)"\)/g)];
  expect(Math.min(instances.length, associations.length)).toBeGreaterThan(3);
  const codes = [...instances, ...associations].map(([, code = ""]) => code);
  expect(codes.filter((code) => !(code in en.network.refusals))).toEqual([]);
});
