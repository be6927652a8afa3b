import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../../src");
const IMPORT = /(?:from|import\()\s*"([^"]+)"/g;

const files = readdirSync(SRC, { recursive: true, encoding: "utf-8" }).filter((name) => /\.tsx?$/.test(name));

/** The layer of a file, for features with the feature: "features/report", "shared", "app". */
function layerOf(path: string): string {
  const [layer = "", feature = ""] = path.split("/");
  return layer === "features" ? `${layer}/${feature}` : layer;
}

function importsOf(file: string): string[] {
  const found = [...readFileSync(join(SRC, file), "utf-8").matchAll(IMPORT)].map(([, name = ""]) => name);
  const own = found.filter((name) => name.startsWith("@/") || name.startsWith("."));
  return own.map((name) => (name.startsWith("@/") ? name.slice(2) : relative(SRC, join(SRC, dirname(file), name))));
}

function allowed(from: string, to: string): boolean {
  if (from === to) return true;
  if (from === "app" || from === "main.tsx") return true;
  return from.startsWith("features/") && to === "shared";
}

describe("imports go down only: app -> features -> shared", () => {
  it.each(files)("%s", (file) => {
    const wrong = importsOf(file).filter((path) => !allowed(layerOf(file), layerOf(path)));
    expect(wrong).toEqual([]);
  });
});
