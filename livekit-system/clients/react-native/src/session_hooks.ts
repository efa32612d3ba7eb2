// A session on a screen: connected while the screen is there, with the sound that one's rights need.

import {
  acceptInvite,
  type ActionName,
  actionOutcome,
  type ActionOutcome,
  type ActionRequest,
  actionsInRoom,
  actionsOn,
  answerRecording,
  declineInvite,
  isStaff,
  type Join,
  type Levels,
  type LiveSession,
  LiveError,
  lowerHand,
  moderate,
  myRecordingAnswer,
  openSession,
  raiseHand,
  RECORDING_EVENTS,
  recordingNotice,
  type RecordingNotice,
  recordingNow,
  type RelayEvent,
  type Rights,
  type Role,
  type SessionPerson,
  type SessionView,
  withdrawRecordingConsent,
} from "@ipelya/live";
import { Room } from "livekit-client";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { AppState } from "react-native";
import { useLive } from "./provider";
import { useSound } from "./sound";
import { useBackground } from "./use_background";

export interface SessionHandle extends SessionView {
  readonly id: string;
  /** Null until the screen is mounted. */
  readonly room: Room | null;
  readonly live: LiveSession | null;
  /** Hears every event, each once, in order. Returns how to stop. */
  readonly onEvent: (listener: (event: RelayEvent) => void) => () => void;
  /** Turns one's microphone on or off. Only where `may.microphone`. */
  readonly setMicrophone: (on: boolean) => Promise<void>;
  readonly setCamera: (on: boolean) => Promise<void>;
  readonly leave: () => Promise<void>;
}

const NOTHING: SessionView = {
  connection: { phase: "connecting", gone: null, error: null },
  role: null,
  may: { camera: false, microphone: false, screen_share: false },
  onAir: { camera: false, microphone: false, screen_share: false },
  session: null,
  people: [],
  levels: {},
  notice: null,
  invited: null,
  error: null,
};
const unsubscribed = () => () => {};

/** @param join the host's, from `createSession` or `startSession` */
export function useLiveSession(sessionId: string, join?: Join | null): SessionHandle {
  const { supabase, userId, verify } = useLive();
  const [live, setLive] = useState<LiveSession | null>(null);
  const listeners = useRef(new Set<(event: RelayEvent) => void>());
  const first = useRef(join ?? undefined);
  useEffect(() => {
    const opened = openSession({
      supabase,
      userId,
      sessionId,
      room: new Room({ adaptiveStream: true, dynacast: true }),
      join: first.current,
      verify,
      onEvent: (event) => {
        for (const listener of [...listeners.current]) listener(event);
      },
    });
    first.current = undefined;
    setLive(opened);
    const foreground = AppState.addEventListener("change", (state) => state === "active" && opened.refresh());
    return () => {
      foreground.remove();
      setLive(null);
      void opened.leave();
    };
  }, [supabase, userId, sessionId, verify]);
  const view = useSyncExternalStore(live?.subscribe ?? unsubscribed, live?.view ?? (() => NOTHING), () => NOTHING);
  useBackground(view);
  // A listener's volume is that of videos; it becomes that of calls with the right to speak.
  useSound(view.may.microphone ? "communication" : "media");
  const room = live === null ? null : live.room as unknown as Room;
  const onEvent = useCallback((listener: (event: RelayEvent) => void) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);
  return useMemo(() => ({
    ...view,
    id: sessionId,
    room,
    live,
    onEvent,
    setMicrophone: async (on) => void await room?.localParticipant.setMicrophoneEnabled(on),
    setCamera: async (on) => void await room?.localParticipant.setCameraEnabled(on, { facingMode: "user" }),
    leave: async () => void await live?.leave(),
  }), [view, sessionId, room, live, onEvent]);
}

/** A session with hands, stage and levels: what an audio room shows. */
export function useAudioRoom(sessionId: string, join?: Join | null) {
  const session = useLiveSession(sessionId, join);
  const hands = useHands(session);
  const levels = useLevels(session);
  const stage = useMemo(() => session.people.filter(({ role }) => role !== "listener" && role !== "viewer"), [session.people]);
  return { session, hands, levels, stage };
}

/** What one may publish, and what one sends: the two lights of a button. */
export function useRights(session: SessionHandle): { readonly may: Rights; readonly onAir: Rights } {
  const { may, onAir } = session;
  return useMemo(() => ({ may, onAir }), [may, onAir]);
}

export interface Hands {
  /** In the order in which they are to be asked. */
  readonly queue: readonly SessionPerson[];
  /** One's own hand is up. */
  readonly mine: boolean;
  readonly invited: SessionView["invited"];
  readonly raise: () => Promise<void>;
  /** One's own, or as a moderator somebody else's. */
  readonly lower: (userId?: string) => Promise<void>;
  readonly accept: () => Promise<void>;
  readonly decline: () => Promise<void>;
  readonly error: LiveError | null;
}

export function useHands(session: SessionHandle): Hands {
  const { supabase, userId } = useLive();
  const [error, run] = useRun();
  const queue = useMemo(
    () => session.people
      .filter(({ hand_position }) => hand_position !== null)
      .sort((a, b) => (a.hand_position ?? 0) - (b.hand_position ?? 0)),
    [session.people],
  );
  const after = (act: Promise<unknown>) => run(act.finally(() => session.live?.refresh()));
  return {
    queue,
    mine: queue.some(({ user_id }) => user_id === userId),
    invited: session.invited,
    raise: () => after(raiseHand(supabase, session.id)),
    lower: (whose) => after(lowerHand(supabase, session.id, whose)),
    accept: () => after(acceptInvite(supabase, session.id)),
    decline: () => after(declineInvite(supabase, session.id)),
    error,
  };
}

/** Who speaks, and how loud; for staff also as the agent measures it, for as long as somebody looks. */
export function useLevels(session: SessionHandle): Levels {
  const { live, role } = session;
  const staff = isStaff(role);
  useEffect(() => (live !== null && staff ? live.watch() : undefined), [live, staff]);
  return session.levels;
}

export interface Moderation {
  /** One's own role moderates. */
  readonly staff: boolean;
  readonly onPerson: (theirs: Role) => readonly ActionName[];
  readonly inRoom: readonly ActionName[];
  /** Asks, and waits for what became of it; null when it was refused, see `error`. */
  readonly act: <Name extends ActionName>(
    request: Omit<ActionRequest<Name>, "sessionId">,
  ) => Promise<ActionOutcome | null>;
  readonly error: LiveError | null;
}

export function useModeration(session: SessionHandle): Moderation {
  const { supabase } = useLive();
  const [error, run] = useRun();
  const { role, id } = session;
  return {
    staff: isStaff(role),
    onPerson: (theirs) => (role === null ? [] : actionsOn(role, theirs)),
    inRoom: role === null ? [] : actionsInRoom(role),
    act: async (request) => {
      let outcome: ActionOutcome | null = null;
      await run((async () => {
        outcome = await actionOutcome(supabase, await moderate(supabase, { ...request, sessionId: id }));
      })());
      return outcome;
    },
    error,
  };
}

export interface RecordingHandle {
  /** The session is recorded, or will be in seconds. */
  readonly recorded: boolean;
  /** What is to be shown; null while nothing is recorded. */
  readonly notice: RecordingNotice | null;
  /** Whether one agreed; null: one has not answered. */
  readonly agreed: boolean | null;
  /** Until when (ISO 8601) one goes on publishing without an answer. */
  readonly answerBy: string | null;
  /** Agrees to the notice that is shown, or refuses and listens. */
  readonly answer: (agrees: boolean) => Promise<void>;
  /** Takes a consent back: one publishes no more. */
  readonly withdraw: () => Promise<void>;
  readonly error: LiveError | null;
}

const UNRECORDED = { recorded: false, notice: null, agreed: null, answerBy: null } as const;

/** Whether one is recorded, and one's answer. Who has not agreed by `answerBy` listens until they do. */
export function useRecording(session: SessionHandle): RecordingHandle {
  const { supabase, userId } = useLive();
  const { id, onEvent } = session;
  const connected = session.connection.phase === "connected";
  const [error, run] = useRun();
  const [seen, setSeen] = useState<Pick<RecordingHandle, "recorded" | "notice" | "agreed" | "answerBy">>(UNRECORDED);
  const turn = useRef(0);
  const read = useCallback(async () => {
    const mine = ++turn.current;
    const now = await recordingNow(supabase, id);
    const found = now.recorded
      ? { ...now, notice: await recordingNotice(supabase), agreed: await myRecordingAnswer(supabase, id, userId) }
      : UNRECORDED;
    if (mine === turn.current) setSeen(found);
  }, [supabase, id, userId]);
  useEffect(() => {
    if (connected) void run(read());
  }, [connected, run, read]);
  useEffect(() => onEvent(({ type }) => void (RECORDING_EVENTS.has(type) && run(read()))), [onEvent, run, read]);
  const after = (act: Promise<unknown>) => run(act.finally(read));
  return {
    ...seen,
    answer: async (agrees) => {
      if (seen.notice !== null) await after(answerRecording(supabase, id, seen.notice, agrees));
    },
    withdraw: () => after(withdrawRecordingConsent(supabase, id)),
    error,
  };
}

/** The last refusal, and a way to run something that may be refused. */
export function useRun(): [LiveError | null, (act: Promise<unknown>) => Promise<void>] {
  const [error, setError] = useState<LiveError | null>(null);
  const run = useCallback(async (act: Promise<unknown>) => {
    try {
      await act;
      setError(null);
    } catch (cause) {
      setError(cause instanceof LiveError ? cause : new LiveError("internal", String(cause), 0, false));
    }
  }, []);
  return [error, run];
}
