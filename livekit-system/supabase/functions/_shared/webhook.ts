// LiveKit's webhooks: the prompt path for presence, and so for rights, since a recorded join wakes the agent; and for
// what a host has on air where there is no agent.
// Verifies and forwards; what a report means is decided in the database, whatever the order of arrival.
import { answer, type Handler, readText } from "./http.ts";
import { Fault, Refusal } from "./refusal.ts";
import type { SignedWebhook } from "./livekit.ts";
import { attempt, closeIngress } from "./room.ts";
import type { Database, Media, Services } from "./services.ts";
import type { JsonObject } from "./supabase.ts";

/** Larger than a participant with LiveKit's largest metadata and attributes (512 and 64 KiB). */
export const WEBHOOK_LIMIT = 1024 * 1024;

export const RECORDED_EVENTS: ReadonlySet<string> = new Set([
  "room_started",
  "room_finished",
  "participant_joined",
  "participant_left",
  "participant_connection_aborted",
  "track_published",
  "track_unpublished",
  "egress_started",
  "egress_updated",
  "egress_ended",
]);

/** SQLSTATEs of what the database cannot make sense of: data that is no data of its kind, or breaks a rule of a row. */
const MALFORMED = /^(22...|23502|23514|54...)$/;

/** Any failure of ours is a 5xx, which LiveKit retries; a forgery is a 401, which it does not. */
export function webhook(services: () => Services): Handler {
  return (request) =>
    answer(request, async () => {
      const { database, media } = services();
      const body = await readText(request, WEBHOOK_LIMIT);
      const signed = await media.verifyWebhook(body, request.headers.get("authorization") ?? "");
      if (signed.machine || !RECORDED_EVENTS.has(signed.event)) return { outcome: "ignored" };
      if (signed.id === "") throw Refusal.own("invalid_request", "id: missing");
      const recorded = await record(database, signed, wellFormed(JSON.parse(body)));
      if (recorded.ingress_over === true) await closeIngress(database, media, signed.room);
      await mark(media, signed);
      return { outcome: recorded.outcome };
    });
}

/** LiveKit makes an ingress with an identity and no attributes, so it gets them when it is there. */
async function mark(media: Media, { event, room, ingress }: SignedWebhook): Promise<void> {
  if (event !== "participant_joined" || ingress === undefined) return;
  await attempt("ingress.mark_failed", { room }, () => media.markIngress(room, ingress));
}

/** How JSON.stringify writes half a surrogate pair, and nothing else. */
const HALF_A_CHARACTER = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/;

/** @throws Refusal invalid_request: half a surrogate pair is no text, and nothing could store it */
function wellFormed(payload: JsonObject): JsonObject {
  if (HALF_A_CHARACTER.test(JSON.stringify(payload))) {
    throw Refusal.own("invalid_request", "The webhook holds half a character.");
  }
  return payload;
}

/** @throws Refusal invalid_request when it is signed and still nonsense: LiveKit would repeat a 5xx in vain */
async function record(database: Database, signed: SignedWebhook, payload: JsonObject): Promise<JsonObject> {
  try {
    return await database.rpc("record_webhook", {
      p_id: signed.id,
      p_event: signed.event,
      p_room: signed.room,
      p_payload: payload,
    });
  } catch (error) {
    const sqlstate = error instanceof Fault ? String(error.fields["sqlstate"] ?? "") : "";
    if (!MALFORMED.test(sqlstate)) throw error;
    console.warn(
      JSON.stringify({ level: "warn", action: "webhook.malformed", event: signed.event, sqlstate }),
    );
    throw Refusal.own("invalid_request", "The webhook says what cannot be.");
  }
}
