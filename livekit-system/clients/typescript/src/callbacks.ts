// The app's own functions that the relay calls. One that throws is the app's fault: it is told so, and nothing else stops.

import type { RelayError, RelayEvent, RelayLevels, RelayNotice } from "./types.ts";

export interface RelayCallbacks {
  /** Each event of the session once, in order. */
  readonly onEvent: (event: RelayEvent) => void;
  readonly onNotice?: (notice: RelayNotice) => void;
  readonly onLevels?: (levels: RelayLevels) => void;
  readonly onError?: (error: RelayError) => void;
}

export class Callbacks {
  readonly #of: RelayCallbacks;
  #forgotten = false;

  constructor(of: RelayCallbacks) {
    this.#of = of;
  }

  event(event: RelayEvent): void {
    this.#call(this.#of.onEvent, event);
  }

  notice(notice: RelayNotice): void {
    this.#call(this.#of.onNotice, notice);
  }

  levels(levels: RelayLevels): void {
    this.#call(this.#of.onLevels, levels);
  }

  error(error: RelayError): void {
    if (this.#forgotten) return;
    try {
      this.#of.onError?.(error);
    } catch {
      // An error handler that fails has nobody left to tell; LiveKit's emitter must not pay for it.
    }
  }

  /** No error is told any more. */
  forget(): void {
    this.#forgotten = true;
  }

  #call<T>(callback: ((value: T) => void) | undefined, value: T): void {
    try {
      callback?.(value);
    } catch (cause) {
      this.error({
        code: "callback_threw",
        message: "a callback of the app threw",
        retrying: false,
        cause,
      });
    }
  }
}
