// The call calls: each is one decision of the database, and a token where it says so.
import type * as v from "npm:valibot@1.5.0";
import type { Operation } from "./endpoint.ts";
import { join, readPermit } from "./join.ts";
import type { CallAnswer, CallRef, CallStart, CallUpgrade } from "./requests.ts";
import { closeRoom } from "./room.ts";
import { objectAt } from "./supabase.ts";

export const startCall: Operation<v.InferOutput<typeof CallStart>> = async (
  { database, media, rings },
  user,
  body,
  signIn,
) => {
  const started = await database.rpc("call_start", {
    p_user: user,
    p_callee: body.callee_id,
    p_type: body.type,
    p_sign_in: signIn,
  });
  rings.soon();
  return { call: objectAt(started, "call"), join: await join(media, readPermit(started.join, user)) };
};

export const answerCall: Operation<v.InferOutput<typeof CallAnswer>> = async (
  { database, media, rings },
  user,
  body,
  signIn,
) => {
  const answered = await database.rpc("call_answer", {
    p_user: user,
    p_call: body.call_id,
    p_accept: body.accept,
    p_sign_in: signIn,
  });
  rings.soon();
  const call = objectAt(answered, "call");
  if (body.accept) return { call, join: await join(media, readPermit(answered.join, user)) };
  await closeRoom(media, call);
  return { call };
};

export const callToken: Operation<v.InferOutput<typeof CallRef>> = async (
  { database, media },
  user,
  body,
) => {
  const allowed = await database.rpc("call_token", { p_user: user, p_call: body.call_id });
  return { join: await join(media, readPermit(allowed.join, user)) };
};

export const upgradeCall: Operation<v.InferOutput<typeof CallUpgrade>> = async ({ database }, user, body) => {
  const asked = await database.rpc("call_upgrade", {
    p_user: user,
    p_call: body.call_id,
    p_accept: body.accept,
  });
  return { call: objectAt(asked, "call") };
};

export const endCall: Operation<v.InferOutput<typeof CallRef>> = async (
  { database, media, rings },
  user,
  body,
) => {
  const ended = await database.rpc("call_end", { p_user: user, p_call: body.call_id });
  rings.soon();
  const call = objectAt(ended, "call");
  await closeRoom(media, call);
  return { call };
};
