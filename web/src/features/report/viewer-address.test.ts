import { expect, it } from "vitest";
import { viewerAddress } from "./viewer-address";

const TEMPLATE = "https://viewer.example/viewer?StudyInstanceUIDs={study_uid}";

it("puts the study into the template", () => {
  expect(viewerAddress(TEMPLATE, "1.2.3")).toBe("https://viewer.example/viewer?StudyInstanceUIDs=1.2.3");
});

it("escapes what is no UID", () => {
  expect(viewerAddress(TEMPLATE, "1.2&x=<b>")).toBe(
    "https://viewer.example/viewer?StudyInstanceUIDs=1.2%26x%3D%3Cb%3E",
  );
});

it("gives no address without a template, without a study, or for another scheme", () => {
  expect(viewerAddress(null, "1.2.3")).toBeNull();
  expect(viewerAddress(TEMPLATE, null)).toBeNull();
  expect(viewerAddress("javascript:alert('{study_uid}')", "1.2.3")).toBeNull();
});
