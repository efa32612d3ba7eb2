/** The list of live rooms: what one row shows of what the database tells. Pure. */
import type { Card, Session, SessionType, Severity, Time } from "./rows.ts";
import { calledOf } from "./names.ts";
import { secondsBetween } from "./time.ts";

/** `unknown`: the one who looks may not see the leases. */
export type AgentState =
  | { kind: "present"; worker: string; seconds: number }
  | { kind: "absent" }
  | { kind: "unknown" };

export type Trouble = "no_agent" | "incidents" | "host_gone";

/** A room of `console_rooms`. */
export interface ListedRoom {
  session: Session;
  creator: Card;
  incidents: number;
  worst: Severity | null;
  loudest: (Card & { lufs: number }) | null;
  hands: number;
  /** Null for who may not see leases; no worker: nobody holds it. */
  agent: { worker: string | null; claimed_at: Time | null } | null;
  trouble: Trouble[];
}

/** What `console_rooms` answers. */
export interface RoomsReading {
  total: number;
  troubled: number;
  matched: number;
  /** Workers do not see LiveKit: what is shown is as it was. */
  livekit_away: boolean;
  /** No worker holds any room: nothing is measured or enforced. Told to ops alone. */
  workers_away: boolean;
  rooms: ListedRoom[];
}

export interface RoomRow extends Omit<ListedRoom, "creator" | "agent" | "loudest"> {
  creator: string;
  seconds: number;
  agent: AgentState;
  loudest: { name: string; lufs: number } | null;
}

export const SORTS = ["trouble", "loudness", "hands", "people", "peak", "seconds", "gifts", "title"] as const;
export type SortKey = typeof SORTS[number];

export interface RoomFilter {
  text: string;
  type: "all" | SessionType;
  troubleOnly: boolean;
  sort: SortKey;
  /** The page, from 0. */
  page: number;
}

export const PAGE = 60;

export function agentState(
  lease: { worker: string | null; claimed_at: Time | null } | null,
  now: number,
): AgentState {
  if (lease === null) return { kind: "unknown" };
  if (lease.worker === null) return { kind: "absent" };
  return { kind: "present", worker: lease.worker, seconds: secondsBetween(lease.claimed_at, now) ?? 0 };
}

const nameOf = (card: Card) => calledOf({ display_name: card.name, username: card.username }, card.id);

export function roomRow(listed: ListedRoom, now: number): RoomRow {
  const { session, loudest } = listed;
  return {
    ...listed,
    // Counted at two moments, these two may cross; a reader takes the smaller peak for a mistake.
    session: { ...session, peak_viewers: Math.max(session.peak_viewers, session.viewer_count) },
    creator: nameOf(listed.creator),
    seconds: secondsBetween(session.started_at, now) ?? 0,
    agent: agentState(listed.agent, now),
    loudest: loudest && { name: nameOf(loudest), lufs: loudest.lufs },
  };
}
