import { describe, expect, it } from "vitest";
import { frameOf } from "../geometry/planes";
import { AIR_HU, HuStore } from "./hu-store";
import { BUDGET_BYTES, CACHED_SLICES, finestStep } from "./memory-budget";
import { grid, MILLIMETRES, seriesOf } from "./test-volumes";

const SHAPE = [4, 3, 8] as const;
const series = seriesOf(SHAPE);
const place = (i: number, j: number, k: number) => 100 * k + 10 * j + i;
const axial = frameOf("axial", series);
const coronal = frameOf("coronal", series);

describe("what has come of a series", () => {
  it("is nothing at first", () => {
    expect(new HuStore(series).cut(axial, 0)).toBeNull();
    expect(new HuStore(series).huAt([0, 0, 0])).toBeNull();
  });

  it("is one slice, as it is stored", () => {
    const store = new HuStore(series);
    store.addSlice(
      5,
      Int16Array.from({ length: 12 }, (_, at) => place(at % 4, Math.floor(at / 4), 5)),
    );
    expect([...(store.cut(axial, 5)?.hu ?? [])]).toEqual([500, 501, 502, 503, 510, 511, 512, 513, 520, 521, 522, 523]);
    expect(store.cut(axial, 5)?.sharp).toBe(true);
    expect(store.cut(axial, 4)).toBeNull();
    expect(store.huAt([2.2, 0.8, 5])).toBe(512);
  });

  it("is turned where the patient lay on the belly", () => {
    const prone = seriesOf(SHAPE, {
      ...MILLIMETRES,
      columns: [
        [-1, 0, 0],
        [0, -1, 0],
        [0, 0, 1],
      ],
    });
    const store = new HuStore(prone);
    store.addSlice(
      0,
      Int16Array.from({ length: 12 }, (_, at) => at),
    );
    expect([...(store.cut(frameOf("axial", prone), 0)?.hu ?? [])]).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it("is coarse, and then fine from below", () => {
    const store = new HuStore(series);
    const coarse = grid([2, 2, 4], () => -7, {
      ...MILLIMETRES,
      columns: [
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 2],
      ],
    });
    const fine = { ...grid(SHAPE, place), filled: 3 };
    store.setVolumes([coarse, fine]);
    const cut = store.cut(coronal, 1);
    expect(cut?.sharp).toBe(false);
    const rows = [...(cut?.hu ?? [])];
    expect(rows.slice(0, 4)).toEqual([-7, -7, -7, -7]); // the head is above, and has not come
    expect(rows.slice(-4)).toEqual([10, 11, 12, 13]);
    expect([store.hasSlice(2), store.hasSlice(3)]).toEqual([true, false]);
    expect(store.cut(axial, 2)?.sharp).toBe(true);
    expect([store.huAt([1, 1, 2]), store.huAt([1, 1, 3])]).toEqual([211, null]); // a mean of many is no HU of one
  });

  it("is air where nothing has come", () => {
    const store = new HuStore(series);
    store.setVolumes([{ ...grid(SHAPE, place), filled: 1 }]);
    expect(store.cut(axial, 7)?.hu[0]).toBe(AIR_HU);
  });

  it("keeps so many single slices, and forgets those that were not used for longest", () => {
    const store = new HuStore(seriesOf([1, 1, 1000]));
    for (let slice = 0; slice <= CACHED_SLICES; slice += 1) store.addSlice(slice, Int16Array.of(slice));
    expect([store.hasSlice(0), store.hasSlice(1)]).toEqual([false, true]);
  });
});

describe("the budget", () => {
  it("holds a usual chest CT whole, a long one too", () => {
    expect(finestStep(seriesOf([512, 512, 154]))).toBe(1);
    expect(finestStep(seriesOf([512, 512, 400]))).toBe(1);
  });

  it("takes every second voxel of a larger one, every fourth of a huge one, and no volume beyond", () => {
    expect(finestStep(seriesOf([512, 512, 1500]))).toBe(2);
    expect(finestStep(seriesOf([1024, 1024, 2000]))).toBe(4);
    expect(finestStep(seriesOf([4096, 4096, 4096]))).toBeNull();
    expect(BUDGET_BYTES).toBe(2 * 512 ** 3);
  });
});
