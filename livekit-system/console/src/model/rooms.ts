/** The list of live rooms: what one row shows, what is trouble, sorting and filtering. Pure. */
import type { AgentRoom, AudioMinute, Incident, Profile, Session, Severity } from "./rows.ts";
import { secondsBetween } from "./time.ts";

/** How long an incident counts as open. The rules write one per step, so a lasting offence renews itself. */
export const OPEN_INCIDENT_MS = 10 * 60_000;
/** A room without an agent is given this long before it is trouble: dispatch and take-over need seconds. */
export const AGENT_GRACE_SECONDS = 10;

/** `unknown`: the one who looks may not see the leases. */
export type AgentState =
  | { kind: "present"; worker: string; seconds: number }
  | { kind: "absent" }
  | { kind: "unknown" };

export interface RoomRow {
  session: Session;
  creator: string;
  seconds: number;
  agent: AgentState;
  loudest: { name: string; lufs: number } | null;
  incidents: number;
  worst: Severity | null;
  trouble: Trouble[];
}

export type Trouble = "no_agent" | "incidents" | "host_gone";

export interface RoomsReading {
  sessions: Session[];
  /** Null when the one who looks may not see the leases. */
  agents: AgentRoom[] | null;
  incidents: Incident[];
  minutes: AudioMinute[];
  profiles: Profile[];
}

export function nameOf(profile: Profile | undefined, id: string): string {
  return profile?.display_name || profile?.username || id.slice(0, 8);
}

export function agentState(lease: AgentRoom | undefined, visible: boolean, now: number): AgentState {
  if (!visible) return { kind: "unknown" };
  if (lease === undefined) return { kind: "absent" };
  return { kind: "present", worker: lease.worker_id, seconds: secondsBetween(lease.claimed_at, now) ?? 0 };
}

export function roomRows(reading: RoomsReading, now: number): RoomRow[] {
  const names = new Map(reading.profiles.map((profile) => [profile.id, profile]));
  const leases = new Map((reading.agents ?? []).map((lease) => [lease.room, lease]));
  const incidents = Map.groupBy(
    reading.incidents.filter((incident) => now - Date.parse(incident.started_at) < OPEN_INCIDENT_MS),
    (incident) => incident.session_id,
  );
  const minutes = Map.groupBy(reading.minutes, (minute) => minute.session_id);
  return reading.sessions.map((session) => {
    const open = incidents.get(session.id) ?? [];
    const agent = agentState(leases.get(session.livekit_room), reading.agents !== null, now);
    const loudest = loudestOf(minutes.get(session.id) ?? []);
    const row = {
      session,
      creator: nameOf(names.get(session.creator_id), session.creator_id),
      seconds: secondsBetween(session.started_at, now) ?? 0,
      agent,
      loudest: loudest && { name: nameOf(names.get(loudest.user_id), loudest.user_id), lufs: loudest.lufs },
      incidents: open.length,
      worst: worstOf(open),
    };
    return { ...row, trouble: troubleOf(row) };
  });
}

function loudestOf(minutes: AudioMinute[]): { user_id: string; lufs: number } | null {
  let loudest: { user_id: string; lufs: number } | null = null;
  for (const { user_id, loudness_lufs } of minutes) {
    if (loudness_lufs !== null && loudness_lufs > (loudest?.lufs ?? -Infinity)) {
      loudest = { user_id, lufs: loudness_lufs };
    }
  }
  return loudest;
}

const GRAVITY: Severity[] = ["info", "warning", "critical"];

function worstOf(incidents: Incident[]): Severity | null {
  return incidents.reduce<Severity | null>(
    (worst, { severity }) =>
      worst === null || GRAVITY.indexOf(severity) > GRAVITY.indexOf(worst) ? severity : worst,
    null,
  );
}

function troubleOf(row: Omit<RoomRow, "trouble">): Trouble[] {
  const trouble: Trouble[] = [];
  if (row.agent.kind === "absent" && row.seconds > AGENT_GRACE_SECONDS) trouble.push("no_agent");
  if (row.worst === "critical" || row.worst === "warning") trouble.push("incidents");
  if (row.session.host_left_at !== null) trouble.push("host_gone");
  return trouble;
}

export type SortKey = "trouble" | "people" | "peak" | "seconds" | "gifts" | "title";
export interface RoomFilter {
  text: string;
  type: "all" | Session["type"];
  troubleOnly: boolean;
}

const BY: Record<SortKey, (a: RoomRow, b: RoomRow) => number> = {
  trouble: (a, b) => b.trouble.length - a.trouble.length || b.incidents - a.incidents,
  people: (a, b) => b.session.viewer_count - a.session.viewer_count,
  peak: (a, b) => b.session.peak_viewers - a.session.peak_viewers,
  seconds: (a, b) => b.seconds - a.seconds,
  gifts: (a, b) => b.session.total_gift_coins - a.session.total_gift_coins,
  title: (a, b) => a.session.title.localeCompare(b.session.title),
};

/** The rows to show, most first; ties by people, then by age, so that rows do not dance. */
export function arranged(rows: RoomRow[], sort: SortKey, filter: RoomFilter): RoomRow[] {
  const wanted = filter.text.trim().toLocaleLowerCase();
  return rows
    .filter((row) => filter.type === "all" || row.session.type === filter.type)
    .filter((row) => !filter.troubleOnly || row.trouble.length > 0)
    .filter((row) => `${row.session.title} ${row.creator}`.toLocaleLowerCase().includes(wanted))
    .sort((a, b) =>
      BY[sort](a, b) || BY.people(a, b) || BY.seconds(a, b) || a.session.id.localeCompare(b.session.id)
    );
}
