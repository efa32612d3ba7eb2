// A one-to-one call: begin, answer, upgrade, end, and one room kept connected while it lasts.

import { ask, type LiveError } from "./ask.ts";
import { Connection, type ConnectionState, type Join } from "./connection.ts";
import { lampOf } from "./lamp.ts";
import { NO_RIGHTS, onAir, type Rights, rightsOf } from "./rights.ts";
import { type Runtime, systemRuntime } from "./runtime.ts";
import type { LiveRoom } from "./session.ts";
import { type Readable, Store } from "./store.ts";
import { type LiveSupabase, rows } from "./tables.ts";
import { joinTopic, type Listening } from "./topic.ts";

export type CallType = "audio" | "video";
export type CallStatus =
  | "initiated"
  | "ringing"
  | "accepted"
  | "declined"
  | "missed"
  | "cancelled"
  | "ended"
  | "failed";

/** A row of `calls`. */
export interface CallRow {
  readonly id: string;
  readonly caller_id: string;
  readonly callee_id: string;
  readonly type: CallType;
  readonly status: CallStatus;
  readonly accepted_at: string | null;
  readonly ended_at: string | null;
  readonly duration_seconds: number | null;
  readonly end_reason: string | null;
  /** Who has asked for video in an audio call. */
  readonly video_wanted_by: string | null;
}

export interface Started {
  readonly call: CallRow;
  readonly join: Join;
}

/** Rings somebody; answers their call where they ring at that moment. @throws LiveError */
export function startCall(supabase: LiveSupabase, calleeId: string, type: CallType): Promise<Started> {
  return ask(supabase, "call-start", { callee_id: calleeId, type });
}

/** @throws LiveError `answered_elsewhere`, `call_not_ringing`… */
export function answerCall(supabase: LiveSupabase, callId: string): Promise<Started> {
  return ask(supabase, "call-answer", { call_id: callId, accept: true });
}

/** @throws LiveError */
export function declineCall(supabase: LiveSupabase, callId: string): Promise<unknown> {
  return ask(supabase, "call-answer", { call_id: callId, accept: false });
}

/** Hangs up; before the answer the call is cancelled. @throws LiveError */
export function endCall(supabase: LiveSupabase, callId: string): Promise<unknown> {
  return ask(supabase, "call-end", { call_id: callId });
}

/** Asks for video, or agrees to it; `accept: false` declines or takes the wish back. @throws LiveError */
export function upgradeCall(
  supabase: LiveSupabase,
  callId: string,
  accept = true,
): Promise<{ readonly call: CallRow }> {
  return ask(supabase, "call-upgrade", { call_id: callId, accept });
}

export interface CallView {
  readonly connection: ConnectionState;
  readonly call: CallRow | null;
  readonly may: Rights;
  readonly onAir: Rights;
  /** The other side is in the room. */
  readonly together: boolean;
  readonly error: LiveError | null;
}

export interface CallOptions {
  readonly supabase: LiveSupabase;
  /** A new `Room` of livekit-client's, for this call alone. */
  readonly room: LiveRoom & { readonly remoteParticipants: { readonly size: number } };
  readonly callId: string;
  readonly userId: string;
  /** As `startCall` or `answerCall` returned it; without it a token is asked for. */
  readonly started?: Started | undefined;
  readonly runtime?: Runtime | undefined;
}

export interface LiveCall extends Readable<CallView> {
  readonly room: CallOptions["room"];
  readonly id: string;
  refresh(): void;
  /** Asks for video, or agrees. @throws LiveError */
  upgrade(accept?: boolean): Promise<void>;
  /** Ends the call for both, and leaves. */
  hangUp(): Promise<void>;
  /** Leaves the room, and the call as it is: it may be taken up again, and ends by itself once the other is alone. */
  leave(): Promise<void>;
}

const COLUMNS =
  "id,caller_id,callee_id,type,status,accepted_at,ended_at,duration_seconds,end_reason,video_wanted_by";
const ROOM_EVENTS = [
  "participantPermissionsChanged",
  "participantConnected",
  "participantDisconnected",
  "localTrackPublished",
  "localTrackUnpublished",
  "trackMuted",
  "trackUnmuted",
  "connected",
] as const;
const OVER = new Set<CallStatus>(["declined", "missed", "cancelled", "ended", "failed"]);

/** Connects at once. */
export function openCall(options: CallOptions): LiveCall {
  return new RoomCall(options);
}

class RoomCall implements LiveCall {
  readonly room: CallOptions["room"];
  readonly id: string;
  readonly view: () => CallView;
  readonly subscribe: (listener: () => void) => () => void;
  readonly #options: CallOptions;
  readonly #runtime: Runtime;
  readonly #store: Store<CallView>;
  readonly #connection: Connection;
  readonly #topic: Listening;
  #over = false;

  constructor(options: CallOptions) {
    const { room, supabase, callId, userId, started } = this.#options = options;
    const runtime = this.#runtime = options.runtime ?? systemRuntime;
    this.room = room;
    this.id = callId;
    const store = this.#store = new Store<CallView>({
      connection: { phase: "connecting", gone: null, error: null },
      call: started?.call ?? null,
      may: NO_RIGHTS,
      onAir: NO_RIGHTS,
      together: false,
      error: null,
    });
    this.view = store.view;
    this.subscribe = store.subscribe;
    for (const event of ROOM_EVENTS) room.on(event, this.#onRoom as never);
    this.#topic = joinTopic({
      supabase,
      runtime,
      name: `live:user:${userId}`,
      onBroadcast: (event, { call }) => {
        if (event === "call" && (call as CallRow | undefined)?.id === callId) this.#hear(call as CallRow);
      },
      onRead: () => void this.#read(),
    });
    this.#connection = new Connection({
      room,
      runtime,
      lamp: lampOf(supabase, runtime),
      token: async () => {
        const body = { call_id: callId };
        return (await ask<{ join: Join }>(supabase, "call-token", body, lampOf(supabase, runtime))).join;
      },
      first: started?.join,
      idle: () => Object.values(onAir(room)).every((on) => !on),
      onJoin: () => {},
      onState: (connection) => {
        store.set({ connection });
        this.#onRoom();
        // Gone says that it is over, and not how: the row does.
        if (connection.phase === "gone") void this.#read().finally(() => this.#close());
      },
    });
    this.#connection.start();
  }

  refresh(): void {
    if (this.#over) return;
    this.#connection.retry();
    void this.#read();
  }

  async upgrade(accept = true): Promise<void> {
    this.#hear((await upgradeCall(this.#options.supabase, this.id, accept)).call);
  }

  async hangUp(): Promise<void> {
    const leaving = this.#connection.leave();
    await endCall(this.#options.supabase, this.id).catch((error: LiveError) => this.#store.set({ error }));
    await leaving;
    await this.#read();
    this.#close();
  }

  async leave(): Promise<void> {
    this.#close();
    await this.#connection.leave();
  }

  #hear(call: CallRow): void {
    this.#store.set({ call });
    if (OVER.has(call.status) && !this.#over) {
      const { phase } = this.#store.view().connection;
      if (phase !== "gone") void this.#connection.leave("ended");
    }
  }

  async #read(): Promise<void> {
    const { supabase, callId } = this.#options;
    try {
      const [call] = await rows<CallRow>(
        supabase,
        "calls",
        COLUMNS,
        (query) => query.eq("id", callId),
        this.#runtime,
      );
      if (call !== undefined) this.#hear(call);
    } catch (error) {
      this.#store.set({ error: error as LiveError });
    }
  }

  readonly #onRoom = (): void => {
    this.#store.set({
      may: rightsOf(this.room),
      onAir: onAir(this.room),
      together: this.room.remoteParticipants.size > 0,
    });
  };

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    for (const event of ROOM_EVENTS) this.room.off(event, this.#onRoom as never);
    this.#topic.dispose();
  }
}
