/** Owns: finding people, and all that is on record about one of them. */
import type { AuditRow, Ban, Incident, Participant, Profile, Session } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { AUDIT_COLUMNS, INCIDENT_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;
const SEARCH_EVERY_MS = 60_000;
const ROWS = 50;

export type Visited = Participant & {
  live_sessions: Pick<Session, "title" | "type" | "status" | "creator_id">;
};

export interface PersonReading {
  profile: Profile | null;
  sessions: Visited[];
  incidents: Incident[];
  actions: AuditRow[];
  bans: Ban[];
}

export function usePerson(id: string): Live<PersonReading> {
  const client = useSupabase();

  async function read(): Promise<PersonReading> {
    const [profiles, sessions, incidents, actions, bans] = await Promise.all([
      profilesOf(client, [id]),
      dataOf(
        client.from("live_participants")
          .select(
            "session_id, user_id, role, is_online, last_joined_at, watch_seconds, " +
              "live_sessions!inner(title, type, status, creator_id)",
          )
          .eq("user_id", id).order("last_joined_at", { ascending: false, nullsFirst: false }).limit(ROWS),
      ),
      dataOf(
        client.from("moderation_incidents").select(INCIDENT_COLUMNS).eq("user_id", id)
          .order("started_at", { ascending: false }).limit(ROWS),
      ),
      dataOf(
        client.from("moderation_audit").select(AUDIT_COLUMNS).eq("target_user_id", id)
          .order("n", { ascending: false }).limit(ROWS),
      ),
      dataOf(
        client.from("live_bans")
          .select("id, user_id, scope, session_id, creator_id, reason, created_at, expires_at, lifted_at")
          .eq("user_id", id).order("created_at", { ascending: false }).limit(ROWS),
      ),
    ]);
    const askers = (actions as unknown as AuditRow[]).flatMap((row) => row.requested_by ?? []);
    await profilesOf(client, [...askers, ...(bans as Ban[]).flatMap((ban) => ban.creator_id ?? [])]);
    return {
      profile: profiles[0] ?? null,
      sessions: sessions as unknown as Visited[],
      incidents: incidents as Incident[],
      actions: actions as unknown as AuditRow[],
      bans: bans as Ban[],
    };
  }
  return useLive(`person ${id}`, read, EVERY_MS);
}

/** People whose name or username begins with a text of two letters or more; null for a shorter one. */
export function usePeopleSearch(text: string): Live<Profile[] | null> {
  const client = useSupabase();
  // `_` stays, although it stands for any one letter: it is in many usernames.
  const wanted = text.trim().replaceAll(/[%,()*\\"]/g, "");

  async function read(): Promise<Profile[] | null> {
    if (wanted.length < 2) return null;
    return await dataOf<Profile[]>(
      client.from("profiles").select("id, username, display_name")
        .or(`username.ilike."${wanted}%",display_name.ilike."${wanted}%"`).order("username").limit(30),
    );
  }
  return useLive(`people ${wanted}`, read, SEARCH_EVERY_MS);
}

/** Any session in which a ban of this scope can be lifted; null for the whole platform, undefined when there is none. */
export async function placeToLift(
  client: ReturnType<typeof useSupabase>,
  ban: Ban,
): Promise<string | null | undefined> {
  if (ban.scope === "platform") return null;
  if (ban.scope === "session") return ban.session_id ?? undefined;
  const rows = await dataOf(
    client.from("live_sessions").select("id").eq("creator_id", ban.creator_id).limit(1),
  );
  return rows[0]?.id;
}
