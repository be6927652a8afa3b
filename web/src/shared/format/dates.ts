import { dateFormat } from "./intl";

/** Dates as a reader says them; `today` and `yesterday` are words of the language, given by the caller. */
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

/** The day alone; the year only when it is another one. */
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

/** The start of the day so many days ago, as the API takes it. */
export function daysAgo(days: number, now: Date = new Date()): string {
  return new Date(midnight(now) - days * DAY_MS).toISOString();
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
