/** Owns: everything about one session, each part read anew when a hint names its table, and every few seconds anyway. */
import { peopleIn } from "../model/feed.ts";
import type { AgentRoom, AuditRow, Incident, LiveEvent, PolicyOverride, Session } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { AUDIT_COLUMNS, INCIDENT_COLUMNS, SESSION_COLUMNS } from "./columns.ts";
import { dataOf } from "./failure.ts";
import { profilesOf } from "./names.ts";
import { type Live, useLive } from "./useLive.ts";
import { type Listening, useTopic } from "./useTopic.ts";

const BEAT_MS = 4_000;
const SLOW_BEAT_MS = 10_000;
const ROWS = 60;

export interface Head {
  /** Null when there is none, or it is not for this person to see. */
  session: Session | null;
  agent: AgentRoom | null;
  /** The policy that holds, with its presets and defaults written out. */
  policy: PolicyOverride | null;
}

export interface Room {
  head: Live<Head>;
  incidents: Live<Incident[]>;
  events: Live<LiveEvent[]>;
  audit: Live<AuditRow[]>;
  hints: Listening;
}

/** The session itself, its agent and its policy. */
export function useHead(id: string, isOps: boolean): Live<Head> {
  const client = useSupabase();

  async function readHead(): Promise<Head> {
    const [sessions, policy] = await Promise.all([
      dataOf(client.from("live_sessions").select(SESSION_COLUMNS).eq("id", id)),
      dataOf<PolicyOverride | null>(client.rpc("session_policy", { session_id: id })),
    ]);
    const session = (sessions as unknown as Session[])[0] ?? null;
    if (session !== null) await profilesOf(client, [session.creator_id]);
    const leases: AgentRoom[] = session !== null && isOps
      ? await dataOf(
        client.from("agent_rooms").select("room, worker_id, claimed_at")
          .eq("room", session.livekit_room).gt("lease_expires_at", "now"),
      )
      : [];
    return { session, agent: leases[0] ?? null, policy };
  }
  return useLive(`head ${id} ${isOps}`, readHead, BEAT_MS);
}

/** `chat`: read again when a message or how the chat is set has changed. */
export function useRoom(id: string, isOps: boolean, crowd: Live<unknown>, chat: Live<unknown>): Room {
  const client = useSupabase();

  async function readIncidents(): Promise<Incident[]> {
    const incidents: Incident[] = await dataOf(
      client.from("moderation_incidents").select(INCIDENT_COLUMNS)
        .eq("session_id", id).order("started_at", { ascending: false }).limit(ROWS),
    );
    await profilesOf(client, incidents.map((incident) => incident.user_id));
    return incidents;
  }

  async function readEvents(): Promise<LiveEvent[]> {
    const events: LiveEvent[] = await dataOf(
      client.from("live_events").select("id, seq, type, payload, created_at")
        .eq("session_id", id).order("seq", { ascending: false }).limit(ROWS),
    );
    await profilesOf(client, events.flatMap(peopleIn));
    return events;
  }

  async function readAudit(): Promise<AuditRow[]> {
    const rows = await dataOf(
      client.from("moderation_audit").select(AUDIT_COLUMNS)
        .eq("session_id", id).order("n", { ascending: false }).limit(ROWS),
    );
    const audit = rows as unknown as AuditRow[];
    await profilesOf(
      client,
      audit.flatMap((row) => [row.target_user_id ?? [], row.requested_by ?? []].flat()),
    );
    return audit;
  }

  const head = useHead(id, isOps);
  const incidents = useLive(`incidents ${id}`, readIncidents, SLOW_BEAT_MS);
  const events = useLive(`events ${id}`, readEvents, SLOW_BEAT_MS);
  const audit = useLive(`audit ${id}`, readAudit, SLOW_BEAT_MS);

  const affected: Record<string, Live<unknown>[]> = {
    live_sessions: [head, chat],
    live_participants: [crowd, head],
    live_events: [events, head],
    // Gifts are told about by their line in the chat.
    live_messages: [events, head, chat],
    moderation_actions: [audit, crowd, chat],
    moderation_incidents: [incidents],
  };
  const hints = useTopic(
    `live:session:${id}`,
    "changed",
    (payload) => {
      const tables = Object.keys((payload as { changed?: object } | null)?.changed ?? {});
      new Set(tables.flatMap((table) => affected[table] ?? [])).forEach((live) => live.refresh());
    },
    () => [head, crowd, chat, incidents, events, audit].forEach((live) => live.refresh()),
  );
  return { head, incidents, events, audit, hints };
}
