// Listening in: the database decides and records, and only then there is a token.
import * as v from "npm:valibot@1.5.0";
import type { Operation } from "./endpoint.ts";
import { Fault } from "./refusal.ts";
import type { OpsListen } from "./requests.ts";

const Permit = v.looseObject({
  action_id: v.pipe(v.string(), v.uuid()),
  room: v.pipe(v.string(), v.nonEmpty()),
  identity: v.pipe(v.string(), v.startsWith("ops-")),
  ends_at: v.string(),
});

export const opsListen: Operation<v.InferOutput<typeof OpsListen>> = async (
  { database, media },
  user,
  body,
) => {
  const allowed = v.safeParse(
    Permit,
    await database.rpc("ops_listen", {
      p_user: user,
      p_session: body.session_id,
      p_reason: body.reason ?? null,
      p_case: body.case_id ?? null,
    }),
  );
  if (!allowed.success) throw new Fault("database.permit_malformed");
  const { room, identity, action_id, ends_at } = allowed.output;
  const { token, expiresAt } = await media.mintHidden({ room, identity });
  return {
    join: { url: media.publicUrl, token, expires_at: expiresAt.toISOString(), identity },
    action_id,
    ends_at,
  };
};
