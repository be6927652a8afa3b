import { interpolateInferno, interpolateTurbo, interpolateViridis } from "d3-scale-chromatic";

const MAPS = { inferno: interpolateInferno, viridis: interpolateViridis, turbo: interpolateTurbo };

export type ColourMap = keyof typeof MAPS;
export const COLOUR_MAPS = Object.keys(MAPS) as ColourMap[];

const LEVELS = 256;
const CLEAR_BELOW = 0.15; // low values of a map stay transparent, so the anatomy is visible
const FULL_FROM = 0.6;

/** The colours of 0 to 1 in 256 steps as RGBA words, as opaque as `opacity` where the map is high, clear where low. */
export function heatTable(map: ColourMap, opacity: number): Uint32Array {
  return Uint32Array.from({ length: LEVELS }, (_, level) => {
    const share = level / (LEVELS - 1);
    const [red, green, blue] = channels(MAPS[map](share));
    const alpha = Math.round(255 * opacity * presence(share));
    return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** The share of the opacity for a value of 0 to 1. */
export function presence(share: number): number {
  const part = Math.min(1, Math.max(0, (share - CLEAR_BELOW) / (FULL_FROM - CLEAR_BELOW)));
  return part * part * (3 - 2 * part);
}

export function paintHeat(values: Float32Array, table: Uint32Array, pixels: Uint32Array): void {
  for (let at = 0; at < values.length; at += 1) {
    const level = Math.min(LEVELS - 1, Math.max(0, Math.round((values[at] as number) * (LEVELS - 1))));
    pixels[at] = table[level] as number;
  }
}

/** The map as a CSS gradient, for its legend. */
export function gradient(map: ColourMap): string {
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => MAPS[map](share));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** d3's maps return #rrggbb or rgb(r, g, b). */
function channels(colour: string): readonly [number, number, number] {
  const parts = colour.startsWith("#")
    ? [colour.slice(1, 3), colour.slice(3, 5), colour.slice(5, 7)].map((hex) => Number.parseInt(hex, 16))
    : (colour.match(/\d+/g) ?? []).map(Number);
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}
