/** Owns: finding people, and all that is on record about one of them. */
import type { AuditRow, Ban, Card, Incident, Participant, Profile, Session } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { AUDIT_COLUMNS, BAN_COLUMNS, INCIDENT_COLUMNS, PARTICIPANT_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { learnCards, profilesOf } from "./names.ts";
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
            `${PARTICIPANT_COLUMNS}, live_sessions!inner(title, type, status, creator_id)`,
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
        client.from("live_bans").select(BAN_COLUMNS).eq("user_id", id).order("created_at", {
          ascending: false,
        }).limit(ROWS),
      ),
    ]);
    const askers = (actions as unknown as AuditRow[]).flatMap((row) => row.requested_by ?? []);
    const banned = bans as unknown as Ban[];
    const bound = banned.flatMap((ban) => [ban.creator_id, ban.created_by, ban.lifted_by]);
    await profilesOf(client, [...askers, ...bound.filter((one) => one !== null)]);
    return {
      profile: profiles[0] ?? null,
      sessions: sessions as unknown as Visited[],
      incidents: incidents as Incident[],
      actions: actions as unknown as AuditRow[],
      bans: banned,
    };
  }
  return useLive(`person ${id}`, read, EVERY_MS);
}

/** People by a part of their name, whatever its marks and case, or by their id; null for a text of less than two letters. */
export function usePeopleSearch(text: string): Live<Card[] | null> {
  const client = useSupabase();
  const wanted = text.trim();

  async function read(): Promise<Card[] | null> {
    if (wanted.length < 2) return null;
    const found = await dataOf<Card[]>(client.rpc("find_people", { search: wanted }));
    learnCards(found);
    return found;
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
