/** Owns: where the keyboard's focus goes when what had it is gone. Never away from where a key moved it meanwhile. */
import { type RefObject, useEffect, useLayoutEffect } from "react";

/** Whether nothing has the focus. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The same button may have been drawn anew meanwhile, or be gone: then the page itself is next. */
export function giveBack(before: Element | null) {
  const act = before instanceof HTMLElement ? before.dataset["act"] : undefined;
  const again = before?.isConnected
    ? before
    : act
    ? document.querySelector(`[data-act="${CSS.escape(act)}"]`)
    : null;
  const target = again instanceof HTMLElement && again !== document.body
    ? again
    : document.getElementById("main");
  focusIfLost(() => target);
}

/** Once the page has been drawn anew. */
function focusIfLost(heir: () => HTMLElement | null) {
  setTimeout(() => {
    if (isFocusLost()) heir()?.focus({ preventScroll: true });
  });
}

/** For a field that comes because of a press: it takes the focus, unless somebody types elsewhere, and gives it back. */
export function useFocusWhileThere(field: RefObject<HTMLElement | null>) {
  useLayoutEffect(() => {
    const before = document.activeElement;
    if (isFocusLost() || before?.matches("main button, main input[type=radio]")) field.current?.focus();
    return () => giveBack(before);
  }, [field]);
}

/** For a button that goes away by itself: its line keeps the focus, so that the next key does not begin at the top. */
export function useFocusHeir(button: RefObject<HTMLElement | null>, line: string) {
  useLayoutEffect(() => {
    const mine = button.current;
    // Before it is taken out of the page: afterwards nobody knows that it had the focus.
    return () => {
      if (mine === document.activeElement) mine?.closest<HTMLElement>(line)?.focus({ preventScroll: true });
    };
  }, [button, line]);
}

/** After a step to another place, when the link that led there is gone: the page has it. */
export function useFocusAfter(place: string) {
  useEffect(() => () => focusIfLost(() => document.getElementById("main")), [place]);
}

/** What was pressed in a part that its press takes away, until it comes back: on which page, and which of its steps. */
let pressed: { page: string; step: string } | null = null;

function pageHere(): string {
  return location.pathname + location.hash.split("?")[0];
}

/** For a part that goes while what it led to is read: one who pages by keyboard presses the same button again. */
export function useFocusAcross(part: RefObject<HTMLElement | null>) {
  useLayoutEffect(() => {
    const shown = part.current;
    if (shown !== null && pressed?.page === pageHere() && isFocusLost()) {
      const same = shown.querySelector<HTMLElement>(`[data-step="${pressed.step}"]:enabled`);
      (same ?? shown.querySelector<HTMLElement>("[data-step]:enabled"))?.focus({ preventScroll: true });
    }
    pressed = null;
    return () => {
      const at = document.activeElement;
      const step = at instanceof HTMLElement && shown?.contains(at) ? at.dataset["step"] : undefined;
      pressed = step === undefined ? null : { page: pageHere(), step };
    };
  }, [part]);
}
