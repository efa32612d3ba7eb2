/** The rows that the console reads, with the columns it uses (livekit-system/DATABASE.md says what they mean). */
import type { ActionName } from "./action_list.ts";
import type { Role } from "./roles.ts";

export type { ActionName, Role };

/** A time as the data API writes it. */
export type Time = string;
export type SessionType = "video_live" | "audio_room";

export interface Profile {
  id: string;
  username: string;
  display_name: string | null;
}

/** A person as lists tell about them. */
export interface Card {
  id: string;
  name: string | null;
  avatar: string | null;
  username: string | null;
}

export interface Session {
  id: string;
  creator_id: string;
  type: SessionType;
  access_type: "public" | "subscribers" | "pay_per_view";
  title: string;
  livekit_room: string;
  status: "scheduled" | "live" | "ended";
  started_at: Time | null;
  ended_at: Time | null;
  host_left_at: Time | null;
  viewer_count: number;
  peak_viewers: number;
  total_gift_coins: number;
  mute_all_rank: number | null;
}

export interface Participant {
  session_id: string;
  user_id: string;
  role: Role;
  mic_muted: boolean;
  mic_muted_until: Time | null;
  camera_off: boolean;
  chat_muted_until: Time | null;
  hand_raised_at: Time | null;
  invited_role: Role | null;
  is_online: boolean;
  last_joined_at: Time | null;
  left_at: Time | null;
  watch_seconds: number;
}

/** A person of `console_people`. */
export interface Seat extends Participant {
  card: Card;
  lufs: number | null;
  incidents: number;
  trouble: number;
}

/** What `console_people` answers. */
export interface Crowd {
  total: number;
  online: number;
  matched: number;
  /** One's own place; null for who has none. */
  me: { role: Role; user_id: string } | null;
  /** First come first. */
  hands: (Participant & { card: Card })[];
  people: Seat[];
}

/** A lease that stood, by the database's clock, when it was read. */
export interface AgentRoom {
  room: string;
  worker_id: string;
  claimed_at: Time;
}

export type Severity = "info" | "warning" | "critical";

export interface Incident {
  id: string;
  session_id: string;
  user_id: string;
  rule: string;
  severity: Severity;
  measured: Record<string, unknown>;
  started_at: Time;
  strikes: number;
  action_id: string | null;
}

export interface AudioMinute {
  session_id: string;
  user_id: string;
  minute: Time;
  talk_seconds: number;
  loudness_lufs: number | null;
  peak_dbfs: number | null;
}

export interface LiveEvent {
  id: string;
  seq: number;
  type: string;
  payload: Record<string, unknown>;
  created_at: Time;
}

export type ChatMode = "everyone" | "followers_only" | "subscribers_only";
export type ActionStatus = "pending" | "claimed" | "applied" | "failed" | "expired" | "cancelled";
export type Scope = "session" | "creator" | "platform";

/** What an action is about, before or after it. */
export interface Standing {
  role?: Role;
  mic_muted?: boolean;
  mic_muted_until?: Time | null;
  camera_off?: boolean;
  chat_muted?: boolean;
  chat_muted_until?: Time | null;
  removed?: { reason: string } | null;
  invited?: boolean;
  invited_role?: Role | null;
  kicked?: boolean;
  status?: string;
  mute_all?: boolean;
  slow_mode_seconds?: number;
  chat_mode?: ChatMode;
  /** How many in the room it concerns. */
  people?: number;
}

/** Who has done the same already, and until when it holds; `until` null: until it is undone. */
export interface Held {
  until: Time | null;
  via: AuditRow["requested_via"] | null;
  at: Time | null;
  /** Null: a rule, or somebody of ops whom this reader is not told. */
  by: string | null;
}

/** A row of `reason_codes`. */
export interface ReasonCode {
  code: string;
  text_en: string;
  text_tr: string;
}

/** What `preview_action` answers. */
export interface Preview {
  before: Standing | null;
  after: Standing | null;
  held: Held | null;
  refused: { code: string; message: string } | null;
}

/** What `preview_actions` answers of each person. */
export interface PreviewOf extends Preview {
  user_id: string;
}

/** What another has done to somebody. */
export interface Act {
  action_id: string;
  n: number;
  at: Time;
  action: ActionName;
  params: AuditRow["params"];
  via: AuditRow["requested_via"];
  by: string | null;
}

/** What `look_at_person` answers. */
export interface Look {
  n: number;
  others: { id: string; name: string | null; avatar: string | null }[];
  acts: Act[];
}

/** A row of the view `moderation_audit`. */
export interface AuditRow {
  n: number;
  created_at: Time;
  action_id: string;
  session_id: string | null;
  call_id: string | null;
  action: ActionName;
  params: {
    seconds?: number;
    scope?: Scope;
    role?: Role;
    text?: string;
    mode?: ChatMode;
    form?: "csv" | "print";
    rows?: number;
    filters?: string;
  };
  target_user_id: string | null;
  requested_by: string | null;
  requested_via: "ops" | "app" | "auto" | "assistant";
  reason: string | null;
  reason_code: string | null;
  dry_run: boolean;
  status: ActionStatus;
  error_code: string | null;
  error: string | null;
  before: Standing | null;
  after: Standing | null;
  enforce_ms: number | null;
  undone_at: Time | null;
}

export interface Ban {
  id: string;
  user_id: string;
  scope: Scope;
  session_id: string | null;
  creator_id: string | null;
  reason: string | null;
  created_at: Time;
  /** Null for server code, and for ops where the reader is not. */
  created_by: string | null;
  expires_at: Time | null;
  lifted_at: Time | null;
  lifted_by: string | null;
}

/** A row of `calls`. */
export interface Call {
  id: string;
  caller_id: string;
  callee_id: string;
  type: "audio" | "video";
  status: string;
  accepted_at: Time | null;
  ended_at: Time | null;
  created_at: Time;
  duration_seconds: number | null;
  end_reason: string | null;
}

/** A private note: of `person_notes` or `shift_notes`. */
export interface Note {
  id: string;
  author_id: string | null;
  body: string;
  created_at: Time;
}

export interface Setting {
  key: string;
  value: unknown;
  updated_at: Time;
  /** Null for server code. */
  updated_by: string | null;
}

/** A row of `app_setting_changes`. */
export interface SettingChange {
  n: number;
  key: string;
  after: unknown;
  requested_by: string | null;
  changed_at: Time;
  reason: string | null;
}

export type PolicyMode = "off" | "observe" | "enforce";
/** A policy, or what the platform changes about the default one: what the console shows of it. */
export interface PolicyOverride {
  mode?: PolicyMode;
  too_loud?: { threshold_lufs?: number; enabled?: boolean };
}

export interface UsageRow {
  month: string;
  plan: string;
  measure: "concurrent_participants" | "connection_minutes" | "downstream_gb";
  used: number;
  plan_limit: number | null;
  ratio: number | null;
  level: "ok" | "warning" | "exceeded";
}

export interface RevenueDay {
  creator_id: string;
  day: string;
  gift_coins: number;
  ticket_coins: number;
  refunded_coins: number;
  total_coins: number;
}

export interface WatchTime {
  user_id: string;
  creator_id: string;
  sessions: number;
  watch_seconds: number;
}

export interface Performance {
  session_id: string;
  creator_id: string;
  title: string;
  status: string;
  started_at: Time | null;
  duration_seconds: number | null;
  people: number;
  peak_viewers: number;
  watch_seconds: number;
  messages: number;
  gifts: number;
  total_coins: number;
}
