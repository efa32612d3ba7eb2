// Chat, gifts and calls on a screen.

import {
  answerCall,
  balance,
  type CallType,
  type CallView,
  type Chat,
  type ChatLine,
  declineCall,
  endCall,
  type EventPayloads,
  type Gift,
  giftCatalog,
  isEvent,
  type LiveCall,
  type LiveError,
  newId,
  openCall,
  openChat,
  type RingingCall,
  sendGift,
  startCall,
  type Started,
} from "@ipelya/live";
import { Room } from "livekit-client";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { AppState } from "react-native";
import { useLive } from "./provider";
import { type SessionHandle, useRun } from "./session_hooks";
import { useSound } from "./sound";
import { useBackground } from "./use_background";

export interface ChatHandle {
  /** Oldest first, each once. */
  readonly lines: readonly ChatLine[];
  /** Resolves to whether it was said; `error` says why not. */
  readonly say: (body: string) => Promise<boolean>;
  readonly refresh: () => void;
  readonly error: LiveError | null;
}

export function useChat(sessionId: string): ChatHandle {
  const { supabase } = useLive();
  const [lines, setLines] = useState<readonly ChatLine[]>([]);
  const [error, run] = useRun();
  const chat = useRef<Chat | null>(null);
  useEffect(() => {
    const opened = chat.current = openChat({ supabase, sessionId, onLines: setLines });
    const foreground = AppState.addEventListener("change", (state) => state === "active" && opened.refresh());
    return () => {
      foreground.remove();
      opened.dispose();
      setLines([]);
    };
  }, [supabase, sessionId]);
  // The same words again are the same line, until they were said: a retry after a lost answer says nothing twice.
  const unsaid = useRef<{ body: string; id: string } | null>(null);
  const say = useCallback(async (body: string) => {
    const line = unsaid.current?.body === body ? unsaid.current : { body, id: newId() };
    unsaid.current = line;
    let said = false;
    await run((async () => {
      await chat.current?.say(line.body, line.id);
      unsaid.current = null;
      said = true;
    })());
    return said;
  }, [run]);
  const refresh = useCallback(() => chat.current?.refresh(), []);
  return { lines, say, refresh, error };
}

export type ShownGift = EventPayloads["gift"] & { readonly seq: number };

export interface Gifts {
  readonly catalog: readonly Gift[];
  readonly balance: number | null;
  readonly send: (gift: Gift, quantity?: number) => Promise<boolean>;
  /** Gifts that arrived while one was there, the newest last; at most 20. */
  readonly shown: readonly ShownGift[];
  readonly error: LiveError | null;
}

const SHOWN = 20;

export function useGifts(session: SessionHandle): Gifts {
  const { supabase } = useLive();
  const [catalog, setCatalog] = useState<readonly Gift[]>([]);
  const [coins, setCoins] = useState<number | null>(null);
  const [shown, setShown] = useState<readonly ShownGift[]>([]);
  const [error, run] = useRun();
  const unpaid = useRef<{ wish: string; key: string } | null>(null);
  const load = useCallback(async () => {
    const [gifts, left] = await Promise.all([giftCatalog(supabase), balance(supabase)]);
    setCatalog(gifts);
    setCoins(left);
  }, [supabase]);
  useEffect(() => void run(load()), [run, load]);
  const { onEvent } = session;
  useEffect(() => onEvent((event) => {
    if (!isEvent(event, "gift") || event.source !== "live") return;
    const { seq, payload } = event;
    setShown((gifts) => [...gifts, { ...payload, seq }].slice(-SHOWN));
  }), [onEvent]);
  const send = useCallback(async (gift: Gift, quantity = 1) => {
    // An answer that was lost: the same wish at the same price is the same purchase.
    const wish = `${session.id} ${gift.code} ${gift.coins} ${quantity}`;
    const order = unpaid.current?.wish === wish ? unpaid.current : { wish, key: newId() };
    unpaid.current = order;
    let paid = false;
    await run((async () => {
      try {
        setCoins((await sendGift(supabase, session.id, gift, quantity, order.key)).balance);
        paid = true;
      } catch (cause) {
        const { code, retryable } = cause as LiveError;
        if (!retryable) unpaid.current = null;
        if (code === "price_changed") await load();
        throw cause;
      }
      unpaid.current = null;
    })());
    return paid;
  }, [supabase, session.id, run, load]);
  return { catalog, balance: coins, send, shown, error };
}

export interface CallHandle extends CallView {
  readonly room: Room | null;
  readonly hangUp: () => Promise<void>;
  readonly upgrade: (accept?: boolean) => Promise<void>;
  readonly setMicrophone: (on: boolean) => Promise<void>;
  readonly setCamera: (on: boolean) => Promise<void>;
}

const NO_CALL: CallView = {
  connection: { phase: "connecting", gone: null, error: null },
  call: null,
  may: { camera: false, microphone: false, screen_share: false },
  onAir: { camera: false, microphone: false, screen_share: false },
  together: false,
  error: null,
};
const unsubscribed = () => () => {};

/** @param started as `useCalls` returned it; a call by its id alone is taken up again, as after a restart of the app */
export function useCall(callId: string, started?: Started): CallHandle {
  const { supabase, userId, phone } = useLive();
  const [live, setLive] = useState<LiveCall | null>(null);
  const first = useRef(started);
  useEffect(() => {
    const room = new Room();
    const opened = openCall({ supabase, userId, callId, room, started: first.current });
    first.current = undefined;
    setLive(opened);
    const foreground = AppState.addEventListener("change", (state) => state === "active" && opened.refresh());
    return () => {
      foreground.remove();
      setLive(null);
      void opened.leave();
    };
  }, [supabase, userId, callId]);
  const view = useSyncExternalStore(live?.subscribe ?? unsubscribed, live?.view ?? (() => NO_CALL), () => NO_CALL);
  useBackground(view);
  useSound("communication");
  const over = view.connection.gone !== null;
  useEffect(() => {
    if (over) phone?.hide(callId, "ended");
    return () => phone?.hide(callId, "ended");
  }, [phone, callId, over]);
  const room = live === null ? null : live.room as unknown as Room;
  return useMemo(() => ({
    ...view,
    room,
    hangUp: async () => void await live?.hangUp(),
    upgrade: async (accept) => void await live?.upgrade(accept),
    setMicrophone: async (on) => void await room?.localParticipant.setMicrophoneEnabled(on),
    setCamera: async (on) => void await room?.localParticipant.setCameraEnabled(on, { facingMode: "user" }),
  }), [view, room, live]);
}

export interface Calls {
  readonly ringing: readonly RingingCall[];
  /** Null when it was refused, see `error`. */
  readonly start: (calleeId: string, type: CallType) => Promise<Started | null>;
  readonly answer: (callId: string) => Promise<Started | null>;
  readonly decline: (callId: string) => Promise<void>;
  readonly error: LiveError | null;
}

export function useCalls(): Calls {
  const { supabase, ringing, answering, phone } = useLive();
  const [error, run] = useRun();
  const started = async (ask: Promise<Started>) => {
    let made: Started | null = null;
    await run(ask.then((one) => void (made = one)));
    return made;
  };
  return {
    ringing,
    start: (calleeId, type) => started(startCall(supabase, calleeId, type)),
    answer: (callId) => {
      answering(callId);
      return started(answerCall(supabase, callId).then((one) => {
        phone?.answered(callId);
        return one;
      }, (cause) => {
        phone?.hide(callId, "gone");
        throw cause;
      }));
    },
    decline: (callId) => run(declineCall(supabase, callId)),
    error,
  };
}

/** Once, above every screen: does in the app what is tapped on the phone's own screen. */
export function usePhone(calls: Calls, onAnswered: (started: Started) => void): void {
  const { supabase, phone, answered } = useLive();
  const [, run] = useRun();
  const latest = useRef({ calls, onAnswered, answered });
  latest.current = { calls, onAnswered, answered };
  useEffect(() => phone?.hear({
    onAnswer: (id) => {
      const { calls: now, onAnswered: tell, answered: taken } = latest.current;
      // It repeats what the app has told it.
      if (!taken(id)) void now.answer(id).then((started) => started !== null && tell(started));
    },
    onEnd: (id) => void run(latest.current.answered(id) ? endCall(supabase, id) : declineCall(supabase, id)),
  }), [supabase, phone, run]);
}
