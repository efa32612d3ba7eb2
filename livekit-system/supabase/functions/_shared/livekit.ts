// LiveKit: join tokens, deleting a room, and knowing its webhooks from forgeries.
import {
  AccessToken,
  RoomServiceClient,
  TrackSource,
  TwirpError,
  WebhookReceiver,
} from "npm:livekit-server-sdk@2.19.2";
import { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

export const TOKEN_SECONDS = 300;
const LIVEKIT_TIMEOUT_SECONDS = 3;

const SOURCES = {
  camera: TrackSource.CAMERA,
  microphone: TrackSource.MICROPHONE,
  screen_share: TrackSource.SCREEN_SHARE,
  screen_share_audio: TrackSource.SCREEN_SHARE_AUDIO,
} as const;

export type Source = keyof typeof SOURCES;
export const SOURCE_NAMES = Object.keys(SOURCES) as [Source, ...Source[]];

export interface Grant {
  readonly room: string;
  readonly identity: string;
  /** Shown to the others; nobody can change it, or the attributes, from inside the room. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sources: readonly Source[];
  readonly canSubscribe: boolean;
}

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** A webhook whose signature and body hash were right. */
export interface SignedWebhook {
  readonly id: string;
  readonly event: string;
  readonly room: string;
  /** About a participant who is no person: the hidden agent or a recorder. */
  readonly machine: boolean;
}

const MACHINES: ReadonlySet<number> = new Set([2, 4]); // ParticipantInfo.Kind: EGRESS, AGENT

export class LiveKit {
  /** The address that clients connect to. */
  readonly publicUrl: string;
  readonly #key: string;
  readonly #secret: string;
  readonly #rooms: RoomServiceClient;
  readonly #webhooks: WebhookReceiver;

  constructor(settings: Settings, timeoutSeconds = LIVEKIT_TIMEOUT_SECONDS) {
    this.publicUrl = settings.publicLivekitUrl;
    this.#key = settings.livekitApiKey;
    this.#secret = settings.livekitApiSecret;
    this.#webhooks = new WebhookReceiver(this.#key, this.#secret);
    this.#rooms = new RoomServiceClient(settings.livekitUrl, this.#key, this.#secret, {
      requestTimeout: timeoutSeconds,
      failover: false, // one bounded attempt: the agent repeats what fails here
    });
  }

  /** A join token for one room and one person. Without sources it carries no publish right of any kind. */
  async mint(grant: Grant): Promise<MintedToken> {
    const expiresAt = new Date((Math.floor(Date.now() / 1000) + TOKEN_SECONDS) * 1000);
    const token = new AccessToken(this.#key, this.#secret, {
      identity: grant.identity,
      name: grant.name,
      attributes: grant.attributes,
      ttl: TOKEN_SECONDS,
    });
    const mayPublish = grant.sources.length > 0;
    token.addGrant({
      roomJoin: true,
      room: grant.room,
      canSubscribe: grant.canSubscribe,
      canPublish: mayPublish,
      // LiveKit reads an empty list as "all sources", so it is left out instead.
      ...(mayPublish && { canPublishSources: grant.sources.map((name) => SOURCES[name]) }),
      canPublishData: false,
      canUpdateOwnMetadata: false,
    });
    return { token: await token.toJwt(), expiresAt };
  }

  /** Deletes the room and disconnects everyone in it; a room that does not exist is deleted already. */
  async deleteRoom(room: string): Promise<void> {
    try {
      await this.#rooms.deleteRoom(room);
    } catch (error) {
      if (!(error instanceof TwirpError && error.status === 404)) throw error;
    }
  }

  /**
   * @param body the body exactly as it was received
   * @param authorization the header, a token of LiveKit's with the body's SHA-256
   * @throws Refusal invalid_signature
   */
  async verifyWebhook(body: string, authorization: string): Promise<SignedWebhook> {
    try {
      const { id, event, room, participant } = await this.#webhooks.receive(body, authorization);
      const machine = participant !== undefined &&
        (MACHINES.has(participant.kind) || participant.permission?.hidden === true ||
          participant.permission?.agent === true);
      return { id, event, room: room?.name ?? "", machine };
    } catch {
      throw Refusal.own("invalid_signature");
    }
  }
}
