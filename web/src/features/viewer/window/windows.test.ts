import { describe, expect, it } from "vitest";
import { grey, greyTable, paintGreys } from "./grey-table";
import { dragged, LUNG, PRESETS, presetOf } from "./windows";

describe("presets", () => {
  it("are the ones that radiologists expect on the keys 1 to 5", () => {
    expect(PRESETS.map(({ width, center }) => [width, center])).toEqual([
      [1500, -600],
      [400, 40],
      [2500, 480],
      [700, 100],
      [600, -800],
    ]);
  });

  it("are known again by their values", () => {
    expect(presetOf({ center: 40, width: 400 })).toBe("soft");
    expect(presetOf({ center: 41, width: 400 })).toBeNull();
  });
});

describe("a drag", () => {
  it("widens to the right and raises the centre downwards", () => {
    expect(dragged({ center: 40, width: 400 }, [10, 5])).toEqual({ center: 45, width: 410 });
    expect(dragged({ center: 40, width: 400 }, [-10, -5])).toEqual({ center: 35, width: 390 });
  });

  it("moves a wide window faster than a narrow one", () => {
    expect(dragged({ center: 0, width: 4000 }, [1, 0]).width).toBe(4010);
    expect(dragged({ center: 0, width: 100 }, [1, 0]).width).toBe(101);
  });

  it("never turns a window inside out, nor loses it beyond all HU", () => {
    expect(dragged({ center: 0, width: 400 }, [-9999, -9999])).toEqual({ center: -1024, width: 1 });
    expect(dragged({ center: 0, width: 400 }, [99999, 9999])).toEqual({ center: 3071, width: 8000 });
  });
});

describe("greys", () => {
  it("run in a line from the lower edge to the upper one", () => {
    expect(grey(-1350, -600, 1500)).toBe(0);
    expect(grey(-600, -600, 1500)).toBe(128);
    expect(grey(150, -600, 1500)).toBe(255);
    expect(grey(3071, -600, 1500)).toBe(255);
  });

  it("are the table's for every HU, opaque", () => {
    const hu = Int16Array.of(-32768, -1024, -600, 0, 40, 3071, 32767);
    const pixels = new Uint32Array(hu.length);
    paintGreys(hu, greyTable(LUNG), pixels);
    for (const [at, value] of hu.entries()) {
      const shade = grey(value, LUNG.center, LUNG.width);
      expect([...new Uint8Array(pixels.buffer, at * 4, 4)]).toEqual([shade, shade, shade, 255]);
    }
  });
});
