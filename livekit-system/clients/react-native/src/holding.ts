// One service of the system for all screens that need it: pure, over a port, so that it is tested without a phone.

/** The system's half. */
export interface Service<Use> {
  /** Begins it, or goes on with other uses. Rejects where the system refuses. */
  start(uses: readonly Use[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Holding<Use> {
  /** For as long as this holder has not released it; once more replaces its uses. */
  hold(holder: object, uses: readonly Use[]): void;
  release(holder: object): void;
  /** The app is in front again: what the system refused meanwhile is asked for once more. */
  refresh(): void;
}

/**
 * It runs while anybody holds it, with what any of them needs. One change is made after the other; what changed meanwhile is one change.
 *
 * @param order every use, in the order in which the service is given them
 * @param onRefused hears what the system said
 */
export function holding<Use extends string>(
  order: readonly Use[],
  service: Service<Use>,
  onRefused: (cause: unknown) => void,
): Holding<Use> {
  const holders = new Map<object, readonly Use[]>();
  let running: readonly Use[] = [];
  let working = false;
  const wanted = () => order.filter((use) => [...holders.values()].some((uses) => uses.includes(use)));
  const same = (one: readonly Use[], other: readonly Use[]) => one.join() === other.join();
  const settle = async () => {
    if (working) return;
    working = true;
    // A screen that is replaced by another releases before that one holds.
    await Promise.resolve();
    for (let next = wanted(); !same(next, running); next = wanted()) {
      try {
        await (next.length === 0 ? service.stop() : service.start(next));
        running = next;
      } catch (cause) {
        onRefused(cause);
        if (same(next, wanted())) break;
      }
    }
    working = false;
  };
  return {
    hold(holder, uses) {
      holders.set(holder, uses);
      void settle();
    },
    release(holder) {
      holders.delete(holder);
      void settle();
    },
    refresh: () => void settle(),
  };
}
