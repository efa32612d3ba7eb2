/** Owns: filters and pages in the address, so that a view can be sent to somebody and survives a reload. */
import { useCallback, useEffect, useState } from "react";

function parse(): URLSearchParams {
  return new URLSearchParams(location.hash.split("?")[1] ?? "");
}

/** What the address says, over these defaults; setting it writes what differs from them, without a step in the history. */
export function useParams<T extends Record<string, string>>(defaults: T): [T, (change: Partial<T>) => void] {
  const [params, setParams] = useState(parse);
  useEffect(() => {
    const moved = () => setParams(parse());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const now = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, params.get(name) ?? value]),
  ) as T;
  const set = useCallback((change: Partial<T>) => {
    const next = parse();
    for (const [name, value] of Object.entries(change)) {
      if (value === undefined || value === defaults[name]) next.delete(name);
      else next.set(name, value);
    }
    const query = next.toString();
    history.replaceState(null, "", `${location.hash.split("?")[0]}${query ? `?${query}` : ""}`);
    setParams(next);
  }, [defaults]);
  return [now, set];
}

/** A value of the address, if it is one of these; the first otherwise. */
export function oneOf<T extends string>(choices: readonly T[], value: string): T {
  return choices.find((choice) => choice === value) ?? choices[0]!;
}
