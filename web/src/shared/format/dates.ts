import { dateFormat } from "./intl";

/** Dates in the user's language; the caller gives the texts for `today` and `yesterday`. */
export interface DayWords {
  today: (time: string) => string;
  yesterday: (time: string) => string;
}

const DAY_MS = 86_400_000;

export function when(iso: string, language: string, words: DayWords, now: Date = new Date()): string {
  const date = new Date(iso);
  const time = clock(iso, language);
  const days = Math.round((midnight(now) - midnight(date)) / DAY_MS);
  if (days === 0) return words.today(time);
  if (days === 1) return words.yesterday(time);
  return day(iso, language, now);
}

/** The day without time; with the year if it is not this year. */
export function day(iso: string, language: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return dateFormat(language, { day: "numeric", month: "short", ...year }).format(date);
}

export function clock(iso: string, language: string): string {
  return dateFormat(language, { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

export function exact(iso: string, language: string): string {
  return dateFormat(language, { dateStyle: "long", timeStyle: "medium" }).format(new Date(iso));
}

/** The start of the day `days` days ago, in the API's format. */
export function daysAgo(days: number, now: Date = new Date()): string {
  return new Date(midnight(now) - days * DAY_MS).toISOString();
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
