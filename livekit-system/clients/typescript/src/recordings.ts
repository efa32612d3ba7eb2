// Recordings: the notice and one's answer to it, starting and stopping, and watching what was published.

import { ask } from "./ask.ts";
import type { AccessType } from "./feeds.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import { call, type LiveSupabase, rows } from "./tables.ts";
import type { CoinsSupabase as RecordingsSupabase } from "./coins.ts";

export type RecordingMode = "audio" | "host" | "composite";

export interface RecordingNotice {
  readonly version: string;
  readonly text_en: string;
  readonly text_tr: string;
}

/** What to show at the event `recording_starting`, before `answerRecording`. @throws LiveError */
export function recordingNotice(supabase: RecordingsSupabase): Promise<RecordingNotice> {
  return call(supabase, "recording_notice", {});
}

/** Who refuses, or has not answered by `answer_by`, listens. @throws LiveError `notice_changed`: show it again */
export function answerRecording(
  supabase: RecordingsSupabase,
  sessionId: string,
  notice: RecordingNotice,
  agrees: boolean,
): Promise<{ readonly agreed: boolean; readonly at: string }> {
  return call(supabase, "consent_to_recording", {
    session_id: sessionId,
    notice_version: notice.version,
    agrees,
  });
}

/** Also after the session: what was recorded of the person is withheld until the creator has decided. @throws LiveError */
export function withdrawRecordingConsent(
  supabase: RecordingsSupabase,
  sessionId: string,
): Promise<{ readonly agreed: boolean; readonly at: string }> {
  return call(supabase, "withdraw_recording_consent", { session_id: sessionId });
}

export interface Recording {
  readonly id: string;
  readonly session_id: string;
  readonly mode: RecordingMode;
  readonly state: string;
  readonly wanted: boolean;
  readonly begins_at: string;
}

/** `mp4`: each part is stored as one file as well, see `recordingFiles`. @throws LiveError */
export async function startRecording(
  supabase: Pick<LiveSupabase, "functions">,
  sessionId: string,
  mode?: RecordingMode,
  mp4?: boolean,
): Promise<Recording> {
  const body = {
    session_id: sessionId,
    ...(mode === undefined ? {} : { mode }),
    ...(mp4 === undefined ? {} : { mp4 }),
  };
  return (await ask<{ recording: Recording }>(supabase, "recording-start", body)).recording;
}

/** @throws LiveError */
export async function stopRecording(
  supabase: Pick<LiveSupabase, "functions">,
  recordingId: string,
): Promise<Recording> {
  return (await ask<{ recording: Recording }>(supabase, "recording-stop", { recording_id: recordingId }))
    .recording;
}

/** Links of a minute to the MP4 of each part, for its creator; none where something is cut. @throws LiveError */
export async function recordingFiles(
  supabase: Pick<LiveSupabase, "functions">,
  recordingId: string,
): Promise<readonly { readonly number: number; readonly url: string }[]> {
  const body = { recording_id: recordingId, download: true };
  return (await ask<{ files: { number: number; url: string }[] }>(supabase, "recording-playback", body))
    .files;
}

export interface Chapter {
  readonly at_seconds: number;
  readonly kind: "start" | "gifts" | "speaker" | "announcement";
  readonly coins?: number;
  readonly text?: string;
}

/** A row of `live_replays`. */
export interface Replay {
  readonly id: string;
  readonly session_id: string;
  readonly title: string;
  readonly access_type: AccessType;
  /** What `buyReplay` costs; null where no ticket is needed. */
  readonly price_coins: number | null;
  readonly creator_id: string;
  readonly creator_name: string | null;
  readonly creator_avatar: string | null;
  readonly duration_seconds: number;
  readonly chapters: readonly Chapter[];
  /** A path in the bucket `recordings`: `supabase.storage.from("recordings").createSignedUrl(thumbnail, 60)`. */
  readonly thumbnail: string | null;
  readonly published_at: string;
  /** What keeps the reader from watching, a code; null when nothing does. */
  readonly reason: string | null;
}

const PAGE = 20;
const COLUMNS = "id,session_id,title,access_type,price_coins,creator_id,creator_name,creator_avatar," +
  "duration_seconds,chapters,thumbnail,published_at,reason";

/** Published recordings, newest first, a page at a time. @throws LiveError */
export function replays(
  supabase: Pick<LiveSupabase, "from">,
  { after, creatorId }: { readonly after?: Replay | undefined; readonly creatorId?: string | undefined } = {},
  runtime: Runtime = systemRuntime,
): Promise<readonly Replay[]> {
  return rows<Replay>(supabase, "live_replays", COLUMNS, (query) => {
    let narrowed = creatorId === undefined ? query : query.eq("creator_id", creatorId);
    if (after !== undefined) {
      const { published_at: at, id } = after;
      narrowed = narrowed.or(`published_at.lt."${at}",and(published_at.eq."${at}",id.lt.${id})`);
    }
    return narrowed.order("published_at", { ascending: false }).order("id", { ascending: false }).limit(PAGE);
  }, runtime);
}

/**
 * For a replay whose `reason` is `ticket_required`.
 * @param price what the person saw
 * @param key chosen once for each tap (`newId()`)
 * @throws LiveError `price_changed`, `already_has_ticket`, `insufficient_coins`, `no_ticket_needed`…
 */
export function buyReplay(
  supabase: RecordingsSupabase,
  recordingId: string,
  price: number,
  key: string,
  runtime: Runtime = systemRuntime,
): Promise<{ readonly ticket_id: string; readonly balance: number }> {
  const args = { recording_id: recordingId, idempotency_key: key, p_expected_coins: price };
  return call(supabase, "buy_vod", args, runtime);
}

export interface Publishing {
  readonly title?: string;
  readonly accessType?: AccessType;
  /** In coins, for `pay_per_view`. */
  readonly price?: number;
}

/** Its creator publishes a recording, or takes it from the list: who has bought it watches on. @throws LiveError */
export async function publishReplay(
  supabase: RecordingsSupabase,
  recordingId: string,
  published: boolean,
  { title, accessType, price }: Publishing = {},
): Promise<void> {
  await call(supabase, "publish_vod", {
    recording_id: recordingId,
    published,
    ...(title === undefined ? {} : { title }),
    ...(accessType === undefined ? {} : { access_type: accessType }),
    ...(price === undefined ? {} : { price_coins: price }),
  });
}

export interface Playback {
  /** An HLS playlist for a player; it holds a key of this person's, so it is not passed on. */
  readonly playlist: string;
  /** Paused for longer, the player meets `play_over` (410): open it again. */
  readonly expires_at: string;
  readonly recording: {
    readonly title: string;
    readonly duration_seconds: number;
    readonly chapters: readonly Chapter[];
  };
}

/** @throws LiveError */
export function openReplay(
  supabase: Pick<LiveSupabase, "functions">,
  recordingId: string,
): Promise<Playback> {
  return ask(supabase, "recording-playback", { recording_id: recordingId });
}

export interface ReplayLine {
  readonly id: string;
  readonly at_seconds: number;
  readonly user_id: string | null;
  readonly name: string | null;
  readonly type: "text" | "gift" | "system";
  readonly body: string | null;
}

/** The chat beside a recording from a second on, 200 lines at most. @throws LiveError */
export function replayChat(
  supabase: RecordingsSupabase,
  recordingId: string,
  fromSeconds = 0,
): Promise<readonly ReplayLine[]> {
  return call(supabase, "vod_chat", { recording_id: recordingId, from_seconds: fromSeconds });
}
