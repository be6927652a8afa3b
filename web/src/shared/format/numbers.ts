import { numberFormat } from "./intl";

/** Numbers in the user's language; a missing value is a dash, never a zero. */
export const ABSENT = "–";

export function decimal(value: number | null | undefined, language: string, digits = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return ABSENT;
  return numberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A calibrated probability; 0 and 1 only result from rounding, so they are shown as < 0.01 and > 0.99. */
export function probability(value: number | null | undefined, language: string): string {
  if (value === null || value === undefined || Number.isNaN(value)) return ABSENT;
  if (value < 0.01) return `< ${decimal(0.01, language)}`;
  if (value > 0.99) return `> ${decimal(0.99, language)}`;
  return decimal(value, language);
}

export function whole(value: number | null | undefined, language: string): string {
  return decimal(value, language, 0);
}

export function percent(share: number | null | undefined, language: string, digits = 0): string {
  if (share === null || share === undefined || Number.isNaN(share)) return ABSENT;
  const options = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return numberFormat(language, options).format(share);
}

export function bytes(count: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  const power = count > 0 ? Math.min(units.length - 1, Math.floor(Math.log(count) / Math.log(1000))) : 0;
  return numberFormat(language, {
    style: "unit",
    unit: units[power] ?? "byte",
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(count / 1000 ** power);
}

export function seconds(value: number | null | undefined, language: string): string {
  if (value === null || value === undefined) return ABSENT;
  const options = {
    style: "unit",
    unit: "second",
    unitDisplay: "narrow",
    maximumFractionDigits: value < 10 ? 2 : 0,
  } as const;
  return numberFormat(language, options).format(value);
}

/** A duration in its largest unit. */
export function span(secondsPassed: number, language: string): string {
  const [unit, size] =
    secondsPassed < 90
      ? (["second", 1] as const)
      : secondsPassed < 5400
        ? (["minute", 60] as const)
        : (["hour", 3600] as const);
  return numberFormat(language, { style: "unit", unit, maximumFractionDigits: 0 }).format(secondsPassed / size);
}
