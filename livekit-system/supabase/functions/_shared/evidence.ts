// Evidence: the database decides who may listen and writes that they did; Storage makes the link.
import type * as v from "npm:valibot@1.5.0";
import type { Operation } from "./endpoint.ts";
import { Fault } from "./refusal.ts";
import type { EvidenceOpen } from "./requests.ts";

const BUCKET = "evidence";

export const openEvidence: Operation<v.InferOutput<typeof EvidenceOpen>> = async (
  { database },
  user,
  body,
) => {
  const opened = await database.rpc("evidence_open", {
    p_user: user,
    p_clip: body.clip_id,
    p_reason: body.reason,
  });
  const { path, seconds, sha256 } = opened;
  if (typeof path !== "string" || typeof seconds !== "number" || typeof sha256 !== "string") {
    throw new Fault("database.unexpected_result", { rpc: "evidence_open" });
  }
  const url = await database.signedUrl(BUCKET, path, seconds);
  return { url, sha256, expires_at: new Date(Date.now() + seconds * 1000).toISOString() };
};
