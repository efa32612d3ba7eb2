/** Owns: the frame of every page: name, pages, language, appearance, who is signed in. */
import type { ReactNode } from "react";
import type { Lang } from "../model/feed.ts";
import { links, type Route } from "../route.ts";
import { LANGUAGES, useWords } from "../texts/useWords.ts";
import type { Words } from "../texts/words.ts";

export type Theme = "system" | "light" | "dark";

export interface ShellProps {
  page: Route["page"] | null;
  /** The pages that are offered, in order. */
  offers: readonly Offered[];
  /** What stands beside the names of some pages. */
  badges?: Partial<Record<Offered, string>>;
  email: string | null;
  theme: Theme;
  onTheme: (theme: Theme) => void;
  onLang: (lang: Lang) => void;
  onSignOut: () => void;
  children: ReactNode;
}

export type Offered = Exclude<keyof Words["nav"], "label">;
const THEMES: Theme[] = ["system", "light", "dark"];
const HOME: Partial<Record<Route["page"], Route["page"]>> = {
  room: "rooms",
  person: "people",
  case: "cases",
  policy: "switches",
};

export function Shell(props: ShellProps) {
  const { page, offers, badges = {}, email, theme, onTheme, onLang, onSignOut, children } = props;
  const { t, f, lang } = useWords();
  const here = page === null ? null : HOME[page] ?? page;
  return (
    <>
      <a className="lc-skip" href="#main" onClick={focusMain}>{t.skip}</a>
      <header className="lc-head">
        <span className="lc-brand">{t.name}</span>
        {offers.length > 0 && (
          <nav aria-label={t.nav.label}>
            {offers.map((name) => (
              <a key={name} href={links[name]} aria-current={here === name ? "page" : undefined}>
                {t.nav[name]}
                {badges[name] && <span className="lc-badge">{badges[name]}</span>}
              </a>
            ))}
          </nav>
        )}
        <div className="lc-head-end">
          <select
            aria-label={t.theme.label}
            value={theme}
            onChange={(event) => onTheme(event.target.value as Theme)}
          >
            {THEMES.map((name) => <option key={name} value={name}>{t.theme[name]}</option>)}
          </select>
          <select
            aria-label={t.language}
            value={lang}
            onChange={(event) => onLang(event.target.value as Lang)}
          >
            {Object.entries(LANGUAGES).map(([code, { name }]) => (
              <option key={code} value={code} lang={code}>{name}</option>
            ))}
          </select>
          {offers.length > 0 && (
            <a className="lc-button lc-quiet lc-keys-link" href={links.keys}>{t.nav.keys}</a>
          )}
          {email !== null && (
            <button type="button" className="lc-button lc-quiet" onClick={onSignOut} title={email}>
              {t.sign.out}
            </button>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      {offers.length > 0 && <footer className="lc-zone">{t.zone(f.zone)}</footer>}
    </>
  );
}

/** The address bar holds the page: a real jump would leave it. */
function focusMain(event: { preventDefault: () => void }) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
