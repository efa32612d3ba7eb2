/** Owns: the language of the page, and numbers and times as that language writes them. */
import { createContext, useContext } from "react";
import type { Lang } from "../model/feed.ts";
import { en } from "./en.ts";
import { tr } from "./tr.ts";
import type { Words } from "./words.ts";

export const LANGUAGES: Record<Lang, { name: string; words: Words }> = {
  en: { name: "English", words: en },
  tr: { name: "Türkçe", words: tr },
};

export const LanguageContext = createContext<Lang>("en");

export interface Formats {
  /** A whole number, grouped. */
  whole: (value: number) => string;
  /** One decimal, with a minus sign that is one. */
  level: (value: number) => string;
  /** A figure as somebody set it, with as many decimals as it has. */
  figure: (value: number) => string;
  /** Which zone times are in: `Europe/Istanbul, GMT+3`. */
  zone: string;
  /** Hours, minutes and seconds of the day. */
  time: (at: string | number) => string;
  /** The time for a moment of today, day and time otherwise. */
  stamp: (at: string | number) => string;
  /** The time of day with its zone, and the day where it is another: for what another person has to understand too. */
  zoned: (at: string | number) => string;
  /** Day and time to the second, with the zone: for what is on record. */
  exact: (at: string | number) => string;
  /** Day and time. */
  moment: (at: string | number) => string;
  /** A day, given as `2026-11-23`. */
  day: (day: string) => string;
  month: (day: string) => string;
  /** A length, as long as a table needs it: `3 h 12 min`. */
  length: (seconds: number) => string;
}

function formatsOf(locale: string): Formats {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const level = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const figure = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const zone = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" } as const;
  const zoned = new Intl.DateTimeFormat(locale, zone);
  const dated = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", ...zone });
  const exact = new Intl.DateTimeFormat(locale, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    second: "2-digit",
    ...zone,
  });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(locale, { month: "short", timeZone: "UTC" });
  const unit = (name: "day" | "hour" | "minute" | "second") =>
    new Intl.NumberFormat(locale, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: 0,
    });
  const [days, hours, minutes, seconds] = [unit("day"), unit("hour"), unit("minute"), unit("second")];
  return {
    zone: zoneOf(locale),
    whole: (value) => whole.format(value),
    figure: (value) => figure.format(value).replace("-", "−"),
    level: (value) => level.format(value).replace("-", "−"),
    time: (at) => time.format(new Date(at)),
    stamp: (at) => (isToday(new Date(at)) ? time : moment).format(new Date(at)),
    zoned: (at) => (isToday(new Date(at)) ? zoned : dated).format(new Date(at)),
    exact: (at) => exact.format(new Date(at)),
    moment: (at) => moment.format(new Date(at)),
    day: (at) => day.format(new Date(`${at}T00:00:00Z`)),
    month: (at) => month.format(new Date(`${at}T00:00:00Z`)),
    length: (total) => {
      if (total < 60) return seconds.format(total);
      if (total < 3600) return minutes.format(Math.floor(total / 60));
      if (total >= 86_400 && total % 86_400 === 0) return days.format(total / 86_400);
      const rest = Math.floor(total / 60) % 60;
      return hours.format(Math.floor(total / 3600)) + (rest ? ` ${minutes.format(rest)}` : "");
    },
  };
}

function zoneOf(locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { timeZoneName: "shortOffset" });
  const offset = format.formatToParts(new Date()).find((part) => part.type === "timeZoneName")?.value;
  return [format.resolvedOptions().timeZone, offset].filter(Boolean).join(", ");
}

function isToday(date: Date): boolean {
  return date.toDateString() === new Date().toDateString();
}

export interface Vocabulary {
  t: Words;
  f: Formats;
  lang: Lang;
}

/** Made once for each language: a format is dear to make, and every row of every table asks for one. */
const VOCABULARIES: Record<Lang, Vocabulary> = { en: vocabulary("en"), tr: vocabulary("tr") };

function vocabulary(lang: Lang): Vocabulary {
  const { words } = LANGUAGES[lang];
  return { t: words, f: formatsOf(words.locale), lang };
}

export function useWords(): Vocabulary {
  return VOCABULARIES[useContext(LanguageContext)];
}
