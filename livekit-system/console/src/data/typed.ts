/** Owns: what somebody has typed and not sent: it outlives a reload and a session that expires, and is nobody else's. */
import { useState } from "react";

const PREFIX = "ipelya-live-console.typed.";
const OWNER = "ipelya-live-console.typed-by";

/** Whose texts are kept: another's are dropped. */
export function typedBelongsTo(who: string): void {
  try {
    if (sessionStorage.getItem(OWNER) !== who) forgetTyped();
    sessionStorage.setItem(OWNER, who);
  } catch {
    // A browser that keeps nothing has nothing to drop.
  }
}

export function forgetTyped(): void {
  try {
    Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) =>
      sessionStorage.removeItem(key)
    );
  } catch {
    // As above.
  }
}

/** A text under a name, kept at each stroke; empty is nothing. */
export function useTyped(name: string): [string, (text: string) => void] {
  const key = PREFIX + name;
  const [text, setText] = useState(() => read(key));
  return [text, (next) => {
    setText(next);
    try {
      if (next === "") sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, next);
    } catch {
      // What is typed is then kept by the page alone.
    }
  }];
}

/** The same for a draft of several fields; null: there is none. What cannot be read is none. */
export function useTypedDraft<T>(name: string): [T | null, (draft: T | null) => void] {
  const [text, setText] = useTyped(name);
  return [parsed<T>(text), (draft) => setText(draft === null ? "" : JSON.stringify(draft))];
}

function parsed<T>(text: string): T | null {
  try {
    return text === "" ? null : JSON.parse(text) as T;
  } catch {
    return null;
  }
}

function read(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}
