// The session calls: each is one decision of the database, and a token where it says so.
import type * as v from "npm:valibot@1.5.0";
import type { Operation } from "./endpoint.ts";
import { join, joinOrNull, readPermit } from "./join.ts";
import type { SessionCreate, SessionRef } from "./requests.ts";
import { closeIngress, closeRoom } from "./room.ts";
import { objectAt } from "./supabase.ts";

type Ref = v.InferOutput<typeof SessionRef>;

export const createSession: Operation<v.InferOutput<typeof SessionCreate>> = async (services, user, body) => {
  const created = await services.database.rpc("session_create", {
    p_user: user,
    p_type: body.type,
    p_access_type: body.access_type,
    p_title: body.title,
    p_price_coins: body.price_coins ?? null,
    p_scheduled_at: body.scheduled_at ?? null,
    p_planned_minutes: body.planned_minutes ?? null,
  });
  return {
    session: objectAt(created, "session"),
    join: await joinOrNull(services.media, created.join, user),
  };
};

export const startSession: Operation<Ref> = async ({ database, media }, user, body) => {
  const started = await database.rpc("session_start", { p_user: user, p_session: body.session_id });
  return {
    session: objectAt(started, "session"),
    join: await join(media, readPermit(started.join, user)),
  };
};

export const sessionToken: Operation<Ref> = async ({ database, media }, user, body) => {
  const allowed = await database.rpc("session_token", { p_user: user, p_session: body.session_id });
  const permit = readPermit(allowed.join, user);
  return { join: await join(media, permit), role: permit.role };
};

export const sessionIngress: Operation<Ref> = async ({ database, media }, user, body) => {
  const allowed = await database.rpc("session_ingress", { p_user: user, p_session: body.session_id });
  const { room, name } = objectAt(allowed, "ingress") as { room: string; name: string };
  for (const left of allowed.over as string[]) await closeIngress(database, media, left);
  const { url, streamKey } = await media.ingress(room, user, name);
  return { ingress: { url, stream_key: streamKey } };
};

export const endSession: Operation<Ref> = async ({ database, media }, user, body) => {
  const ended = await database.rpc("session_end", { p_user: user, p_session: body.session_id });
  const session = objectAt(ended, "session");
  // First, or what streams in opens the room again.
  if (ended.ingress === true) await closeIngress(database, media, String(session.livekit_room));
  await closeRoom(media, session);
  return { session };
};
