import { describe, expect, it } from "vitest";
import { groupIntoScans, needsZip } from "./scan-files";

function file(path: string, size = 10): File {
  const made = new File([new Uint8Array(size)], path.split("/").at(-1) ?? path);
  return Object.assign(made, { path: `./${path}` });
}

describe("gather", () => {
  it("makes one scan of a folder, whatever lies deeper in it", () => {
    const [one, ...others] = groupIntoScans([file("ct/a/1.dcm"), file("ct/b/2.dcm"), file("ct/DICOMDIR")]);
    expect(others).toEqual([]);
    expect(one?.name).toBe("ct");
    expect(one?.files.map(({ path }) => path)).toEqual(["ct/a/1.dcm", "ct/b/2.dcm", "ct/DICOMDIR"]);
    expect(one?.bytes).toBe(30);
  });

  it("keeps folders apart, and archives for themselves even inside a folder", () => {
    const names = groupIntoScans([file("a/1.dcm"), file("b/1.dcm"), file("c/study.zip"), file("volume.nii.gz")]).map(
      ({ name }) => name,
    );
    expect(names).toEqual(["study.zip", "volume.nii.gz", "a", "b"]);
  });

  it("joins loose files into one study, and sends a single one as it is", () => {
    const [loose] = groupIntoScans([file("1.dcm"), file("2.dcm"), file("3.dcm")]);
    expect(loose?.name).toBe("1.dcm + 2");
    const [single] = groupIntoScans([file("1.dcm")]);
    expect(single && needsZip(single)).toBe(false);
    expect(loose && needsZip(loose)).toBe(true);
  });

  it("leaves out what systems scatter, and finds nothing in nothing", () => {
    expect(groupIntoScans([file(".DS_Store"), file("ct/Thumbs.db"), file("ct/._1.dcm")])).toEqual([]);
    expect(groupIntoScans([])).toEqual([]);
  });
});
