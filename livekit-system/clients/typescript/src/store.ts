// One value that is replaced as a whole, and those who want to know: what React's useSyncExternalStore takes, and any other
// framework can.

export interface Readable<Value> {
  /** The same object until something has changed. */
  view(): Value;
  /** Called after each change. Returns how to stop. */
  subscribe(listener: () => void): () => void;
}

export class Store<Value extends object> implements Readable<Value> {
  readonly #listeners = new Set<() => void>();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  // Bound, so that they can be handed on by themselves.
  readonly view = (): Value => this.#value;

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Nothing happens where every field is what it was. */
  set(change: Partial<Value>): void {
    const keys = Object.keys(change) as (keyof Value)[];
    if (keys.every((key) => Object.is(this.#value[key], change[key]))) return;
    this.#value = { ...this.#value, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}
