// Recordings: the database decides; a worker makes it true. Watching has a file of its own: playback.ts.
import type * as v from "npm:valibot@1.5.0";
import type { Operation } from "./endpoint.ts";
import type { RecordingRef, RecordingStart } from "./requests.ts";
import type { Database } from "./services.ts";
import { type Json, type JsonObject, objectAt } from "./supabase.ts";

type Ref = v.InferOutput<typeof RecordingRef>;

export const startRecording: Operation<v.InferOutput<typeof RecordingStart>> = ({ database }, user, body) =>
  recordingOf(database, "recording_start", {
    p_user: user,
    p_session: body.session_id,
    p_mode: body.mode ?? null,
    p_mp4: body.mp4 ?? false,
  });

export const stopRecording: Operation<Ref> = ({ database }, user, body) =>
  recordingOf(database, "recording_stop", { p_user: user, p_recording: body.recording_id });

export const deleteRecording: Operation<Ref> = ({ database }, user, body) =>
  recordingOf(database, "recording_delete", { p_user: user, p_recording: body.recording_id });

async function recordingOf(
  database: Database,
  name: string,
  parameters: Readonly<Record<string, Json>>,
): Promise<{ recording: JsonObject }> {
  return { recording: objectAt(await database.rpc(name, parameters), "recording") };
}
