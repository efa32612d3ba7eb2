// A LiveKit room under the test's hand: what it is connected with, what it permits, how it is lost.

import type { Join, LiveRoom } from "../src/mod.ts";
import { FakeRoom, keyRow, ME } from "./harness.ts";

/** Of LiveKit's, as far as it says what it is. */
export class FakeTrack {
  subscribed = false;

  constructor(readonly kind: string, readonly source: string, readonly mimeType?: string) {}

  setSubscribed(subscribed: boolean): void {
    this.subscribed = subscribed;
  }
}

export class FakeLiveRoom extends FakeRoom {
  readonly tokens: string[] = [];
  autoSubscribe = true;
  disconnects = 0;
  /** Connections are never made, as in the dark, until they are given up. */
  hangs = false;
  #giveUp: ((cause: Error) => void) | undefined;
  /** Taken from the front, one for each connection. */
  readonly refusals: Error[] = [];
  activeSpeakers: { identity: string; audioLevel: number }[] = [];
  readonly remoteParticipants = new Map<string, { trackPublications: Map<string, FakeTrack> }>();
  readonly published = new Map<string, { isMuted: boolean }>();
  override localParticipant = {
    identity: ME,
    permissions: undefined as { canPublish: boolean; canPublishSources: number[] } | undefined,
    getTrackPublication: (source: never) => this.published.get(source),
  };

  connect(_url: string, token: string, options: { readonly autoSubscribe: boolean }): Promise<void> {
    this.tokens.push(token);
    this.autoSubscribe = options.autoSubscribe;
    if (this.hangs) return new Promise((_, reject) => this.#giveUp = reject);
    const refusal = this.refusals.shift();
    if (refusal === undefined) {
      this.emit("connected");
      return Promise.resolve();
    }
    // LiveKit fires this as well when a connection could not be made.
    this.emit("disconnected", 7);
    return Promise.reject(refusal);
  }

  disconnect(): Promise<void> {
    this.disconnects += 1;
    this.#giveUp?.(new Error("aborted"));
    this.#giveUp = undefined;
    this.emit("disconnected", 1);
    return Promise.resolve();
  }

  permit(...sources: number[]): void {
    this.localParticipant.permissions = { canPublish: sources.length > 0, canPublishSources: sources };
    this.emit("participantPermissionsChanged");
  }

  get live(): LiveRoom & { readonly remoteParticipants: { readonly size: number } } {
    return this as never;
  }
}

export function joinOf(token: string): Join {
  return {
    url: "wss://livekit",
    token,
    expires_at: "2026-11-23T12:05:00Z",
    identity: ME,
    now: "2026-11-23T12:00:00.000Z",
    last_seq: 0,
    relay_keys: [keyRow("k1", 1)],
  };
}
