/** Owns: the platform's switches, read and changed. A change is lost rather than made over somebody else's. */
import { useCallback } from "react";
import type { Setting } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf, type Failure, failureFrom } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;
const KEYS = ["live.enabled", "calls.enabled", "moderation.policy"];

export interface Settings {
  settings: Live<Map<string, Setting>>;
  /** `raced`: somebody changed it since it was read; nothing was written. */
  change: (setting: Setting, value: unknown) => Promise<"saved" | "raced" | Failure>;
}

export function useSettings(): Settings {
  const client = useSupabase();

  async function read(): Promise<Map<string, Setting>> {
    const rows: Setting[] = await dataOf(
      client.from("app_settings").select("key, value, updated_at, updated_by").in("key", KEYS),
    );
    await profilesOf(client, rows.flatMap((row) => row.updated_by ?? []));
    return new Map(rows.map((row) => [row.key, row]));
  }
  const settings = useLive("settings", read, EVERY_MS);
  const { refresh } = settings;

  const change = useCallback(async (setting: Setting, value: unknown) => {
    try {
      const rows = await dataOf(
        client.from("app_settings").update({ value })
          .eq("key", setting.key).eq("updated_at", setting.updated_at).select("key"),
      );
      return rows.length === 1 ? "saved" : "raced";
    } catch (error) {
      return failureFrom(error);
    } finally {
      refresh();
    }
  }, [client, refresh]);
  return { settings, change };
}
