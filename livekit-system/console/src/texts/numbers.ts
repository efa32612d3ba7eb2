/** Owns: numbers within sentences, as each language writes them. */
import type { Lang } from "../model/feed.ts";

const WHOLE: Record<Lang, Intl.NumberFormat> = {
  en: new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 }),
  tr: new Intl.NumberFormat("tr-TR", { maximumFractionDigits: 0 }),
};

/** A whole number, grouped. */
export const whole = (lang: Lang) => (n: number): string => WHOLE[lang].format(n);
