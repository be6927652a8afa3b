import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { NOT_DETERMINED } from "@/shared/api/findings";
import { Problem } from "@/shared/api/problem";
import { type CodeTexts, codeTextsOf, problemText } from "./code-texts";
import en from "./en";
import ru from "./ru";

async function wordsIn(language: "en" | "ru"): Promise<CodeTexts> {
  const resources = { en, ru };
  const own = i18next.createInstance();
  await own.init({ lng: language, resources: { [language]: resources[language] }, fallbackLng: false });
  return codeTextsOf(own.t as unknown as Parameters<typeof codeTextsOf>[0]);
}

let words: CodeTexts;
beforeAll(async () => {
  words = await wordsIn("ru");
});

describe("words of codes", () => {
  it("are the language's own", () => {
    expect(words.verdict("not_analysed")).toBe("Не проанализировано");
    expect(words.finding("Lung nodule")).toBe("Очаг в лёгком");
    expect(words.finding(NOT_DETERMINED)).toBe("Характер изменений не определён");
    expect(words.error("no_lung").title).toBe("Лёгкие в исследовании не найдены");
  });

  it("show a name that they do not know as it is", () => {
    expect(words.finding("A finding of tomorrow")).toBe("A finding of tomorrow");
    expect(words.stage("stage_of_tomorrow")).toBe("stage_of_tomorrow");
  });

  it("say in words even what they do not know, and what nobody expected", () => {
    expect(words.error("code_of_tomorrow").title).toBe("Служба ответила отказом");
    expect(problemText(new TypeError("x is undefined"), words).title).toBe("Сбой службы");
    expect(problemText(new Problem(0, "unreachable", ""), words).title).toBe("Служба не отвечает");
  });
});
