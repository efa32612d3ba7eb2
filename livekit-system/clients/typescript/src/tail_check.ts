// Owns when to look for a packet that was lost with none after it to show the gap: soon after activity, seldom
// in silence. The agent's word that nothing is missing saves the soon one.

import { type Runtime, Timer } from "./runtime.ts";

/** After the last new event: one read, spread so that an audience does not ask at once. */
export const QUIET_MS = 1_200;
export const QUIET_SPREAD_MS = 600;
/** After a packet that was refused: it may have been ours, so look, but never at a forger's pace. */
export const SUSPECT_MS = 10_000;
/** In silence. */
export const IDLE_MS = 60_000;

export class TailCheck {
  readonly #runtime: Runtime;
  readonly #timer: Timer;
  #idle = false;

  constructor(runtime: Runtime, onDue: () => void) {
    this.#runtime = runtime;
    this.#timer = new Timer(runtime, onDue);
  }

  /** New events came: look once they have stopped. */
  active(): void {
    this.#arm(QUIET_MS + QUIET_SPREAD_MS * this.#runtime.random(), false);
  }

  /** Something odd came: look before long, whatever else comes. */
  suspect(): void {
    if (this.#idle || !this.#timer.armed) this.#arm(SUSPECT_MS, false);
  }

  /** A look is over. What came during it may be younger than its answer, so a look due already stays due. */
  looked(): void {
    if (this.#idle || !this.#timer.armed) this.confirmed();
  }

  /** Nothing is missing, says the agent: look again only after a long silence. */
  confirmed(): void {
    this.#arm(IDLE_MS * (0.75 + 0.5 * this.#runtime.random()), true);
  }

  dispose(): void {
    this.#timer.cancel();
  }

  #arm(ms: number, idle: boolean): void {
    this.#idle = idle;
    this.#timer.arm(ms);
  }
}
