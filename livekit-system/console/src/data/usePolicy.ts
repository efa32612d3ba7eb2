/** Owns: reading a policy to edit it, estimating another in its place, and saving it with a reason. */
import { useCallback, useEffect, useState } from "react";
import type { Own, Shape } from "../model/policy_form.ts";
import type { Rule } from "../model/rules.ts";
import type { Session } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf, type Failure, failureFrom } from "./failure.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 30_000;
const TYPED_MS = 600;
const KEY = "moderation.policy";

export interface PolicyReading {
  shape: Shape;
  presets: Record<string, Record<string, unknown>>;
  platform: Own;
  /** Of the session; null for the platform's, or where there is no such session. */
  session: Pick<Session, "id" | "title"> | null;
  /** What is edited, as it was read. */
  own: Own;
  /** When the platform's was changed last. */
  updatedAt: string | null;
}

/** What of a reading a change is made over. */
export type Seen = Pick<PolicyReading, "own" | "updatedAt">;

/** `id`: of the session, or null for the platform. */
export function usePolicy(id: string | null) {
  const client = useSupabase();

  async function read(): Promise<PolicyReading> {
    const [form, settings, own, sessions] = await Promise.all([
      dataOf<Pick<PolicyReading, "shape" | "presets">>(client.rpc("policy_form")),
      dataOf(client.from("app_settings").select("value, updated_at").eq("key", KEY)),
      id === null ? null : dataOf<Own | null>(client.rpc("own_session_policy", { session_id: id })),
      id === null ? [] : dataOf(client.from("live_sessions").select("id, title").eq("id", id)),
    ]);
    const platform = (settings[0]?.value ?? {}) as Own;
    return {
      ...form,
      platform,
      session: sessions[0] ?? null,
      own: id === null ? platform : own ?? {},
      updatedAt: settings[0]?.updated_at ?? null,
    };
  }
  const policy: Live<PolicyReading> = useLive(`policy ${id}`, read, EVERY_MS);
  const { refresh } = policy;

  const save = useCallback(async (own: Own, seen: Seen, reason: string) => {
    try {
      const asked = id === null
        ? client.rpc("change_setting", { key: KEY, value: own, reason, seen: seen.updatedAt })
        : client.rpc("change_session_policy", { session_id: id, policy: own, reason, seen: seen.own });
      const { changed } = await dataOf<{ changed: boolean }>(asked);
      return changed ? "saved" as const : "raced" as const;
    } catch (error) {
      return failureFrom(error);
    } finally {
      refresh();
    }
  }, [client, id, refresh]);
  return { policy, save };
}

export interface Estimate {
  since: string;
  minutes: number;
  people: number;
  cut: boolean;
  now: Record<string, number>;
  then: Record<string, number>;
  /** Of the rules beside loudness. */
  rules: Partial<Record<Rule, RuleEstimate>>;
}

/** Whom a rule would have noticed: people, and of dead air sessions. */
export interface RuleEstimate {
  /** Figures of the measured minutes, or what the rule itself has noted. */
  by: "minutes" | "incidents";
  now: number;
  then: number;
  /** How far `then` can be said. */
  bound: "exact" | "about" | "at_least" | "at_most" | "unknown";
}

/** What this policy would have done; null while nobody knows. Asked a moment after the last change. */
export function useEstimate(own: Own, id: string | null, days: number): Estimate | Failure | null {
  const client = useSupabase();
  const [estimate, setEstimate] = useState<Estimate | Failure | null>(null);
  const asked = JSON.stringify({ policy: own, session_id: id, days });
  useEffect(() => {
    let over = false;
    setEstimate(null);
    const timer = setTimeout(async () => {
      try {
        const told = await dataOf<Estimate>(client.rpc("estimate_policy", JSON.parse(asked)));
        if (!over) setEstimate(told);
      } catch (error) {
        if (!over) setEstimate(failureFrom(error));
      }
    }, TYPED_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [client, asked]);
  return estimate;
}
