// The bodies that the functions accept. They check form only: what is allowed is decided in the database.
import * as v from "npm:valibot@1.5.0";

const Id = v.pipe(v.string(), v.uuid("Expected a UUID"));

// Postgres stores neither NUL nor half a surrogate pair, and no title needs any control character.
const OneLine = v.pipe(
  v.string(),
  v.trim(),
  v.check((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), "Expected one line of text"),
);

const Title = v.pipe(
  OneLine,
  v.check((text) => text.length > 0 && [...text].length <= 200, "Expected 1 to 200 characters"),
);

const Coins = v.pipe(
  v.number(),
  v.safeInteger("Expected a whole number"),
  v.minValue(1),
  v.maxValue(1_000_000),
);

const Minutes = v.pipe(
  v.number(),
  v.safeInteger("Expected a whole number"),
  v.minValue(1),
  v.maxValue(1_440),
);

const Time = v.pipe(
  v.string(),
  v.isoTimestamp("Expected a time such as 2027-01-31T18:00:00Z"),
  v.check((text) => !Number.isNaN(Date.parse(text)), "Expected a time that exists"),
  v.transform((text) => new Date(text).toISOString()),
);

export const SessionCreate = v.strictObject({
  type: v.picklist(["video_live", "audio_room"]),
  access_type: v.picklist(["public", "subscribers", "pay_per_view"]),
  title: Title,
  price_coins: v.optional(Coins),
  scheduled_at: v.optional(Time),
  planned_minutes: v.optional(Minutes),
});

const Reason = v.pipe(
  OneLine,
  v.check((text) => [...text].length >= 3 && [...text].length <= 500, "Expected 3 to 500 characters"),
);

export const EvidenceOpen = v.strictObject({ clip_id: Id, reason: Reason });

export const RecordingStart = v.strictObject({
  session_id: Id,
  mode: v.optional(v.picklist(["audio", "host", "composite"])),
  mp4: v.optional(v.boolean()),
});

/** `download`: links to the files of the whole instead of a playlist. */
export const RecordingWatch = v.strictObject({ recording_id: Id, download: v.optional(v.boolean()) });

export const RecordingRef = v.strictObject({ recording_id: Id });

export const SessionRef = v.strictObject({ session_id: Id });

/** A reason is one line for the record; the database asks for it, or for a case. */
export const OpsListen = v.strictObject({
  session_id: Id,
  reason: v.optional(v.pipe(OneLine, v.maxLength(1_000))),
  case_id: v.optional(Id),
});

export const CallStart = v.strictObject({ callee_id: Id, type: v.picklist(["audio", "video"]) });

export const CallRef = v.strictObject({ call_id: Id });

export const CallUpgrade = v.strictObject({ call_id: Id, accept: v.optional(v.boolean(), true) });

export const CallAnswer = v.strictObject({ call_id: Id, accept: v.boolean() });
