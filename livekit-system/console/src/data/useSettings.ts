/** Owns: the platform's switches, read and changed. A change is lost rather than made over somebody else's. */
import { useCallback } from "react";
import type { Setting, SettingChange } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf, type Failure, failureFrom } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;
const KEYS = ["live.enabled", "calls.enabled", "moderation.policy"];

export interface Settings {
  settings: Live<Map<string, Setting>>;
  /** `raced`: somebody changed it since it was read; nothing was written. */
  change: (setting: Setting, value: unknown, reason: string) => Promise<"saved" | "raced" | Failure>;
  /** Of these settings, newest first. */
  history: Live<SettingChange[]>;
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

  async function readHistory(): Promise<SettingChange[]> {
    const rows: SettingChange[] = await dataOf(
      client.from("app_setting_changes").select("n, key, after, requested_by, changed_at, reason")
        .in("key", KEYS).order("n", { ascending: false }).limit(30),
    );
    await profilesOf(client, rows.flatMap((row) => row.requested_by ?? []));
    return rows;
  }
  const history = useLive("settings' history", readHistory, EVERY_MS);
  const { refresh: refreshHistory } = history;

  const change = useCallback(async (setting: Setting, value: unknown, reason: string) => {
    try {
      const asked = { key: setting.key, value, reason, seen: setting.updated_at };
      const { changed } = await dataOf<{ changed: boolean }>(client.rpc("change_setting", asked));
      return changed ? "saved" : "raced";
    } catch (error) {
      return failureFrom(error);
    } finally {
      refresh();
      refreshHistory();
    }
  }, [client, refresh, refreshHistory]);
  return { settings, change, history };
}
