/** Owns: what this browser remembers of how somebody likes the console. */

const PREFIX = "ipelya-live-console.";

/** What was kept under a name, if it is one of these; the fallback otherwise, also where nothing may be kept. */
export function kept<T extends string>(name: string, choices: T[], fallback: T): T {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return choices.find((choice) => choice === value) ?? fallback;
  } catch {
    return fallback;
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // A browser that keeps nothing shows the fallback next time.
  }
}
