/** A window of HU: all at or below its lower edge is black, all at or above the upper one white (PS3.3 C.11.2.1.2). */
export interface Window {
  readonly center: number;
  readonly width: number;
}

export const PRESETS = [
  { name: "lung", center: -600, width: 1500 },
  { name: "soft", center: 40, width: 400 },
  { name: "bone", center: 480, width: 2500 },
  { name: "vessels", center: 100, width: 700 }, // contrast in the pulmonary arteries stays below white
  { name: "emphysema", center: -800, width: 600 }, // separates -950 HU from healthy lung
] as const satisfies readonly (Window & { name: string })[];

export type PresetName = (typeof PRESETS)[number]["name"];

export const LUNG: Window = PRESETS[0];
const HU_RANGE = [-1024, 3071] as const;
const WIDTH_RANGE = [1, 8000] as const;
const HU_A_PIXEL = 1 / 400; // of the present width: a wide window moves fast, a narrow one finely

/** The window after a drag in CSS pixels: right is wider, down is higher HU and so darker, as in OHIF. */
export function dragged({ center, width }: Window, [right, down]: readonly [number, number]): Window {
  const step = Math.max(1, width * HU_A_PIXEL);
  return {
    center: held(Math.round(center + down * step), HU_RANGE),
    width: held(Math.round(width + right * step), WIDTH_RANGE),
  };
}

/** The preset with these values, or null. */
export function presetOf({ center, width }: Window): PresetName | null {
  return PRESETS.find((one) => one.center === center && one.width === width)?.name ?? null;
}

function held(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, value));
}
