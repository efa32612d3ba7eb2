// The database's answer "may join, as this" turned into what a client connects with.
import * as v from "npm:valibot@1.5.0";
import { SOURCE_NAMES } from "./livekit.ts";
import { Fault } from "./refusal.ts";
import type { Media } from "./services.ts";

const RelayKey = v.looseObject({
  kid: v.string(),
  public_key: v.string(),
  not_before: v.string(),
  not_after: v.string(),
});

/** As the database gives it. Sources are named only where the token itself carries rights: host and call party. */
const Permit = v.looseObject({
  room: v.pipe(v.string(), v.nonEmpty()),
  identity: v.pipe(v.string(), v.uuid()),
  role: v.string(),
  name: v.string(),
  avatar: v.nullable(v.string()),
  can_publish_sources: v.array(v.picklist(SOURCE_NAMES)),
  can_subscribe: v.boolean(),
  last_seq: v.pipe(v.number(), v.safeInteger()),
  now: v.string(),
  relay_keys: v.array(RelayKey),
});

type Permit = v.InferOutput<typeof Permit>;

interface Join {
  readonly url: string;
  readonly token: string;
  readonly expires_at: string;
  readonly identity: string;
  /** The database's clock, which the relay's packets are dated by. */
  readonly now: string;
  readonly last_seq: number;
  readonly relay_keys: readonly v.InferOutput<typeof RelayKey>[];
}

/** @throws Fault when the database's answer is not a permit for this very user: no token is minted on a guess */
export function readPermit(value: unknown, user: string): Permit {
  const result = v.safeParse(Permit, value);
  if (!result.success) throw new Fault("database.permit_malformed");
  if (result.output.identity !== user) throw new Fault("database.permit_for_someone_else");
  return result.output;
}

export async function join(media: Media, permit: Permit): Promise<Join> {
  const { room, identity, now, last_seq, relay_keys } = permit;
  const minted = await media.mint({
    room,
    identity,
    name: permit.name,
    attributes: { role: permit.role, ...(permit.avatar !== null && { avatar: permit.avatar }) },
    sources: permit.can_publish_sources,
    canSubscribe: permit.can_subscribe,
  });
  return {
    url: media.publicUrl,
    token: minted.token,
    expires_at: minted.expiresAt.toISOString(),
    identity,
    now,
    last_seq,
    relay_keys,
  };
}

/** For what may not be open yet: a scheduled session has no room to join. */
export async function joinOrNull(media: Media, permit: unknown, user: string): Promise<Join | null> {
  return permit === null ? null : await join(media, readPermit(permit, user));
}
