// LiveKit: join tokens, ingresses, deleting a room, and knowing its webhooks from forgeries.
import { bodyHash, sign, verify } from "./livekit_tokens.ts";
import { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

export const TOKEN_SECONDS = 300;
/** To be used at once: how long one may stay is the database's to say. */
export const HIDDEN_TOKEN_SECONDS = 60;
const LIVEKIT_TIMEOUT_SECONDS = 3;

export const SOURCE_NAMES = ["camera", "microphone", "screen_share", "screen_share_audio"] as const;
export type Source = typeof SOURCE_NAMES[number];

export interface Grant {
  readonly room: string;
  readonly identity: string;
  /** Shown to the others; nobody can change it, or the attributes, from inside the room. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sources: readonly Source[];
  readonly canSubscribe: boolean;
}

/** Of somebody of ops who listens in: seen by nobody, and counted nowhere. */
export interface HiddenGrant {
  readonly room: string;
  readonly identity: string;
}

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Where somebody's broadcasting program sends picture and sound to. */
export interface Ingress {
  readonly url: string;
  /** A secret: who has it is heard as this person. */
  readonly streamKey: string;
}

/** What is read of an ingress, in LiveKit's own words. */
interface IngressInfo {
  readonly ingress_id: string;
  readonly url: string;
  readonly stream_key: string;
  readonly participant_identity: string;
}

/** A webhook whose signature and body hash were right. */
export interface SignedWebhook {
  readonly id: string;
  readonly event: string;
  readonly room: string;
  /** Where it is about an ingress of ours: its identity. */
  readonly ingress: string | undefined;
  /** About a participant who is no person: the hidden agent or a recorder. */
  readonly machine: boolean;
}

/** What is read of a webhook, which is Protobuf's JSON: zero values are left out. */
interface Sent {
  readonly id?: string;
  readonly event?: string;
  readonly room?: { readonly name?: string };
  readonly participant?: {
    readonly identity?: string;
    readonly kind?: string;
    readonly permission?: { readonly hidden?: boolean; readonly agent?: boolean };
  };
}

/** What `ingress` names what it makes. */
const OURS = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):obs$/;
/** Whom a participant beside an app stands for; moderation/identity.py reads it too. */
const PERSON_ATTRIBUTE = "ipelya.person";

const MACHINES: ReadonlySet<string> = new Set(["EGRESS", "AGENT"]); // ParticipantInfo.Kind

export class LiveKit {
  /** The address that clients connect to. */
  readonly publicUrl: string;
  readonly #key: string;
  readonly #secret: string;
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(settings: Settings, timeoutSeconds = LIVEKIT_TIMEOUT_SECONDS) {
    this.publicUrl = settings.publicLivekitUrl;
    this.#key = settings.livekitApiKey;
    this.#secret = settings.livekitApiSecret;
    this.#url = settings.livekitUrl.replace(/^ws/, "http").replace(/\/+$/, "");
    this.#timeoutMs = timeoutSeconds * 1000;
  }

  /** A join token for one room and one person. Without sources it carries no publish right of any kind. */
  async mint(grant: Grant): Promise<MintedToken> {
    const expiresAt = new Date((Math.floor(Date.now() / 1000) + TOKEN_SECONDS) * 1000);
    const mayPublish = grant.sources.length > 0;
    const video = {
      roomJoin: true,
      room: grant.room,
      canSubscribe: grant.canSubscribe,
      canPublish: mayPublish,
      // LiveKit reads an empty list as "all sources", so it is left out instead.
      ...(mayPublish && { canPublishSources: grant.sources }),
      canPublishData: false,
      canUpdateOwnMetadata: false,
    };
    const { identity, name, attributes } = grant;
    const claims = { sub: identity, name, attributes, video };
    return { token: await sign(this.#key, this.#secret, claims, expiresAt), expiresAt };
  }

  /**
   * A token to hear and see one room. LiveKit's kind `agent` keeps it out of the room's numbers, and lets the room close
   * without it; `hidden` keeps it out of everybody's lists and out of our books.
   */
  async mintHidden(grant: HiddenGrant): Promise<MintedToken> {
    const expiresAt = new Date((Math.floor(Date.now() / 1000) + HIDDEN_TOKEN_SECONDS) * 1000);
    const video = {
      roomJoin: true,
      room: grant.room,
      hidden: true,
      agent: true,
      canSubscribe: true,
      canPublish: false,
      canPublishData: false,
      canUpdateOwnMetadata: false,
    };
    const claims = { sub: grant.identity, kind: "agent", video };
    return { token: await sign(this.#key, this.#secret, claims, expiresAt), expiresAt };
  }

  /** Deletes the room and disconnects everyone in it; a room that does not exist is deleted already. */
  async deleteRoom(room: string): Promise<void> {
    const response = await this.#ask("RoomService/DeleteRoom", { roomCreate: true }, { room });
    await response.body?.cancel();
    if (!response.ok && response.status !== 404) throw new Error(`LiveKit answers HTTP ${response.status}`);
  }

  /**
   * The way into a room for what stands for this person beside their app: made when it is first asked for, the same from then on.
   * Its identity names the person, which is all that LiveKit lets an ingress be created with.
   */
  async ingress(room: string, person: string, name: string): Promise<Ingress> {
    const mine = `${person}:obs`;
    const found = (await this.#ingressesOf(room)).find((one) => one.participant_identity === mine) ??
      await this.#ingresses("CreateIngress", {
        input_type: "RTMP_INPUT",
        name: "OBS",
        room_name: room,
        participant_identity: mine,
        participant_name: name,
      }) as IngressInfo;
    return { url: found.url, streamKey: found.stream_key };
  }

  /** Nobody streams into this room any more by the keys that were given out for it. */
  async deleteIngresses(room: string): Promise<void> {
    for (const { ingress_id } of await this.#ingressesOf(room)) {
      const response = await this.#ask("Ingress/DeleteIngress", { ingressAdmin: true }, { ingress_id });
      await response.body?.cancel();
      if (!response.ok && response.status !== 404) throw Refusal.unavailable({ livekit: response.status });
    }
  }

  /** Says on an ingress of ours whom it stands for, where apps read it. Who has left already needs none. */
  async markIngress(room: string, identity: string): Promise<void> {
    const person = OURS.exec(identity)?.[1];
    if (person === undefined) return;
    const body = { room, identity, attributes: { [PERSON_ATTRIBUTE]: person } };
    const response = await this.#ask("RoomService/UpdateParticipant", { roomAdmin: true, room }, body);
    await response.body?.cancel();
    if (!response.ok && response.status !== 404) throw new Error(`LiveKit answers HTTP ${response.status}`);
  }

  async #ingressesOf(room: string): Promise<IngressInfo[]> {
    const known = await this.#ingresses("ListIngress", { room_name: room }) as { items?: IngressInfo[] };
    return known.items ?? [];
  }

  async #ingresses(method: string, body: object): Promise<unknown> {
    const response = await this.#ask(`Ingress/${method}`, { ingressAdmin: true }, body);
    if (response.ok) return await response.json();
    await response.body?.cancel();
    throw Refusal.unavailable({ livekit: response.status });
  }

  /** One bounded attempt: who asks repeats what fails here. */
  async #ask(method: string, video: object, body: object): Promise<Response> {
    const soon = new Date(Date.now() + TOKEN_SECONDS * 1000);
    const token = await sign(this.#key, this.#secret, { video }, soon);
    return await fetch(`${this.#url}/twirp/livekit.${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
  }

  /**
   * @param body the body exactly as it was received
   * @param authorization the header, a token of LiveKit's with the body's SHA-256
   * @throws Refusal invalid_signature
   */
  async verifyWebhook(body: string, authorization: string): Promise<SignedWebhook> {
    try {
      const { sha256 } = await verify(authorization, this.#key, this.#secret);
      if (sha256 !== await bodyHash(body)) throw new Error("a signature of another body");
      const { id = "", event = "", room, participant } = JSON.parse(body) as Sent;
      const machine = MACHINES.has(participant?.kind ?? "") || participant?.permission?.hidden === true ||
        participant?.permission?.agent === true;
      const ingress = participant?.kind === "INGRESS" ? participant.identity : undefined;
      return { id, event, room: room?.name ?? "", ingress, machine };
    } catch {
      throw Refusal.own("invalid_signature");
    }
  }
}
