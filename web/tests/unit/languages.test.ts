import { describe, expect, it } from "vitest";
import en from "@/shared/i18n/en";
import ru from "@/shared/i18n/ru";

const PLURAL = /_(zero|one|two|few|many|other)$/;
const SLOT = /\{\{(\w+)\}\}/g;

type Tree = { [name: string]: string | Tree };

function leaves(tree: Tree, path = ""): Map<string, string> {
  const own = Object.entries(tree).map(([name, value]) => [path ? `${path}.${name}` : name, value] as const);
  return new Map(
    own.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [...leaves(value, name)])),
  );
}

const english = leaves(en);
const russian = leaves(ru);
const names = (words: Map<string, string>) =>
  [...new Set([...words.keys()].map((name) => name.replace(PLURAL, "")))].sort();
const slots = (text = "") => [...text.matchAll(SLOT)].map(([, name]) => name).sort();

describe("both languages are whole", () => {
  it("have the same keys", () => expect(names(russian)).toEqual(names(english)));

  it("leave nothing empty", () => {
    for (const [name, text] of [...english, ...russian]) expect(text.trim(), name).not.toBe("");
  });

  it("fill the same slots", () => {
    for (const [name, text] of russian) {
      const twin = english.get(name) ?? english.get(name.replace(PLURAL, "_other"));
      expect(slots(text), name).toEqual(slots(twin));
    }
  });

  it.each([
    ["en", english, ["one", "other"]],
    ["ru", russian, ["one", "few", "many", "other"]],
  ] as const)("have every plural of %s", (language, words, forms) => {
    expect(new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort()).toEqual([...forms].sort());
    const counted = [...words.keys()].filter((name) => PLURAL.test(name)).map((name) => name.replace(PLURAL, ""));
    for (const name of counted) for (const form of forms) expect([...words.keys()]).toContain(`${name}_${form}`);
  });
});
