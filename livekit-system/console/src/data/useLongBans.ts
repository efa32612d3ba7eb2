/** Owns: platform bans that act for a while and wait for a second operator for the rest. */
import { useCallback } from "react";
import type { Ban, Time } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 30_000;
const ROWS = 50;

export interface LongBan extends Pick<Ban, "id" | "user_id" | "reason" | "created_at" | "expires_at"> {
  wanted_until: Time;
}

export interface LongBanWork {
  waiting: Live<LongBan[]>;
  confirm: (id: string) => Promise<Failure | null>;
}

/** But for those of the reader. */
export function useLongBans(me: string): LongBanWork {
  const client = useSupabase();

  async function read(): Promise<LongBan[]> {
    const bans = await dataOf(
      client.from("live_bans").select("id, user_id, reason, created_at, expires_at, wanted_until")
        .not("wanted_until", "is", null).is("lifted_at", null).neq("user_id", me).order("created_at").limit(
          ROWS,
        ),
    );
    await profilesOf(client, (bans as LongBan[]).map((ban) => ban.user_id));
    return bans as LongBan[];
  }
  const waiting = useLive(`long bans ${me}`, read, EVERY_MS);
  const { refresh } = waiting;
  const confirm = useCallback(async (id: string) => {
    return await changed(client.rpc("confirm_ban", { ban_id: id }), refresh);
  }, [client, refresh]);
  return { waiting, confirm };
}
