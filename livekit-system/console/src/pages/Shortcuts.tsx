/** Owns: shortcuts of the keyboard: single letters that work outside of fields and forms, and can be switched off. */
import { useEffect } from "react";
import { kept } from "../preferences.ts";
import { links } from "../route.ts";
import type { KeyName } from "../texts/acts.ts";

export const ON_OFF = ["on", "off"] as const;
export const SHORTCUTS = "shortcuts";

/** Every key by what it does, in the order of the page that lists them. */
export const KEYS: Record<KeyName, string[]> = {
  help: ["?"],
  search: ["/"],
  next: ["j"],
  previous: ["k"],
  act: ["a"],
  select: ["x"],
  bulk: ["b"],
  whole: ["w"],
  rooms: ["g", "r"],
  cases: ["g", "c"],
  people: ["g", "p"],
  calls: ["g", "l"],
  audit: ["g", "a"],
  shift: ["g", "s"],
  escape: ["Esc"],
};

const ROW = "main [data-row]";

function focus(step: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>(ROW)];
  const here = document.activeElement?.closest("li, tr");
  const at = rows.findIndex((row) => row.closest("li, tr") === here);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[next]?.focus();
}

function press(selector: string, within: ParentNode | null | undefined) {
  within?.querySelector<HTMLElement>(selector)?.click();
}

const DO: Partial<Record<KeyName, () => void>> = {
  search: () => document.querySelector<HTMLElement>("main input[type=search]")?.focus(),
  next: () => focus(1),
  previous: () => focus(-1),
  act: () => press("button[data-act]", document.activeElement?.closest("li, tr")),
  select: () => press("[data-select]", document.activeElement?.closest("li, tr")),
  bulk: () => press("[data-act=selected]", document),
  whole: () => press("[data-act=room]", document),
};
/** Pages of ops alone. */
const OPS_ONLY: KeyName[] = ["cases", "people", "calls", "audit", "shift"];
const PAGES: Partial<Record<KeyName, string>> = {
  help: links.keys,
  rooms: links.rooms,
  cases: links.cases,
  people: links.people,
  calls: links.calls,
  audit: links.audit,
  shift: links.shift,
};
/** The second key of two is waited for so long, ms. */
const SECOND_KEY_MS = 1_500;

/** The shortcut of these keys; null when there is none. */
export function shortcutOf(keys: string[]): KeyName | null {
  const found = Object.entries(KEYS).find(([, one]) => one.join(" ") === keys.join(" "));
  return found ? found[0] as KeyName : null;
}

function isBusy(target: EventTarget | null): boolean {
  const typing = target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));
  return typing || document.querySelector("dialog[open]") !== null;
}

/** `all`: also the pages of ops. */
export function Shortcuts({ all }: { all: boolean }) {
  useEffect(() => {
    let first: { key: string; at: number } | null = null;
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target)) {
        return;
      }
      if (kept(SHORTCUTS, [...ON_OFF], "on") === "off") return;
      const before = first !== null && event.timeStamp - first.at < SECOND_KEY_MS ? [first.key] : [];
      const name = shortcutOf([...before, event.key]);
      first = before.length === 0 && event.key === "g" ? { key: "g", at: event.timeStamp } : null;
      if (name === null || name === "escape" || (!all && OPS_ONLY.includes(name))) return;
      event.preventDefault();
      DO[name]?.();
      const page = PAGES[name];
      if (page === undefined) return;
      location.hash = page;
      document.getElementById("main")?.focus();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [all]);
  return null;
}
