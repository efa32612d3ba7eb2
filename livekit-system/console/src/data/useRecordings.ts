/** Owns: recordings of one session or of all that one may see, and the doors that start, stop and play one. */
import { useCallback, useEffect, useState } from "react";
import type { PartFile, Playback, Recording, RecordingMode } from "../model/recordings.ts";
import { useSupabase } from "./client.ts";
import { changed, dataOf, type Failure, failureFrom, invoke } from "./failure.ts";
import { profilesOf } from "./names.ts";
import type { Answer } from "./useEvidence.ts";
import { type Live, useLive } from "./useLive.ts";

const EVERY_MS = 5_000;
/** A picture is fetched at once. */
const LINK_SECONDS = 60;
export const RECORDINGS_PAGE = 30;
const COLUMNS =
  "id, session_id, mode, mp4, state, wanted, requested_by, requested_via, requested_at, begins_at, max_until, active_at, " +
  "duration_seconds, bytes, error_code, error, gaps, unwanted_why, retention_until, legal_hold, " +
  "live_recording_parts(number, started_at, ended_at), live_recording_acts(user_id, act, at, reason), " +
  "live_vods(thumbnail, published_at, taken_down_at), live_sessions(title, status, creator_id)";

export interface RecordingWork {
  /** The newest first. */
  recordings: Live<{ rows: Recording[]; total: number }>;
  /** `mp4`: each part is stored as one file as well. */
  start: (sessionId: string, mode: RecordingMode, mp4: boolean) => Promise<Failure | null>;
  stop: (recordingId: string) => Promise<Failure | null>;
  play: (recordingId: string) => Promise<Answer<Playback>>;
  files: (recordingId: string) => Promise<Answer<{ files: PartFile[] }>>;
  takeDown: TakeDown;
  /** For ops: it is kept whatever its retention says, or let go. */
  hold: (recordingId: string, hold: boolean, reason: string) => Promise<Failure | null>;
  /** For its creator and ops: nobody watches it from then on, and its files are deleted. */
  remove: (recordingId: string) => Promise<Failure | null>;
}

/** For ops, through the door of all acts: nobody else watches it any more, or again. */
export type TakeDown = (
  recording: { id: string; session_id: string },
  down: boolean,
  reason: string,
) => Promise<Failure | null>;

/** `sessionId`: null for all that row security shows. `page`: from 0. */
export function useRecordings(sessionId: string | null, page: number): RecordingWork {
  const client = useSupabase();

  async function read() {
    const all = client.from("live_recordings").select(COLUMNS, { count: "exact" });
    const some = sessionId === null ? all : all.eq("session_id", sessionId);
    const from = page * RECORDINGS_PAGE;
    let total = 0;
    const found = await dataOf(
      some.order("requested_at", { ascending: false }).range(from, from + RECORDINGS_PAGE - 1)
        .then((answer) => {
          total = answer.count ?? 0;
          return answer;
        }),
    );
    const rows = found as unknown as Recording[];
    const named = rows.flatMap((row) => [
      row.requested_by,
      row.live_sessions?.creator_id ?? null,
      ...row.live_recording_acts.map((act) => act.user_id),
    ]);
    await profilesOf(client, named.filter((id) => id !== null));
    return { rows, total };
  }
  const recordings = useLive(`recordings ${sessionId} ${page}`, read, EVERY_MS);
  const { refresh } = recordings;

  const ask = useAsking(refresh);
  const takeDown = useTakeDown(refresh);

  return {
    recordings,
    start: async (id, mode, mp4) => (await ask("recording-start", { session_id: id, mode, mp4 })).failure,
    stop: async (id) => (await ask("recording-stop", { recording_id: id })).failure,
    play: usePlay(refresh),
    files: (id) => ask("recording-playback", { recording_id: id, download: true }),
    takeDown,
    hold: (id, hold, reason) =>
      changed(client.rpc("hold_recording", { recording_id: id, hold, reason }), refresh),
    remove: async (id) => (await ask("recording-delete", { recording_id: id })).failure,
  };
}

/** Opens a recording to watch it; `onChanged`: it is on record. */
export function usePlay(onChanged: () => void): RecordingWork["play"] {
  const ask = useAsking(onChanged);
  return (id) => ask<Playback>("recording-playback", { recording_id: id });
}

/** `onChanged`: the act is done, or refused. */
export function useTakeDown(onChanged: () => void): TakeDown {
  const client = useSupabase();
  return ({ id, session_id }, down, reason) =>
    changed(
      client.from("moderation_actions").insert({
        id: crypto.randomUUID(),
        session_id,
        action: down ? "take_down" : "restore",
        params: { recording_id: id },
        reason,
      }),
      onChanged,
    );
}

/** A link to a picture in the bucket; null while it is asked for, or when it is refused. */
export function usePicture(path: string | null): string | null {
  const client = useSupabase();
  const [link, setLink] = useState<string | null>(null);
  useEffect(() => {
    let over = false;
    setLink(null);
    if (path !== null) {
      void client.storage.from("recordings").createSignedUrl(path, LINK_SECONDS)
        .then(({ data }) => over || setLink(data?.signedUrl ?? null));
    }
    return () => {
      over = true;
    };
  }, [client, path]);
  return link;
}

function useAsking(onChanged: () => void) {
  const client = useSupabase();
  return useCallback(async <T>(name: string, body: Record<string, unknown>): Promise<Answer<T>> => {
    try {
      return { value: await invoke<T>(client, name, body), failure: null };
    } catch (error) {
      return { value: null, failure: failureFrom(error) };
    } finally {
      onChanged();
    }
  }, [client, onChanged]);
}
