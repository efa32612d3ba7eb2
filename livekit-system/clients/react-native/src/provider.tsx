// Who is signed in, in which language, and the calls that ring them: once for the whole app.

import { hearMe, type LiveSupabase, type Me, type RingEnd, type RingingCall, type Verify } from "@ipelya/live";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { AppState } from "react-native";
import type { CallHandlers } from "./call_words";
import { refreshSound } from "./sound";
import type { Background } from "./use_background";

/** The phone's own screen for calls, as `dist/phone` and `dist/ringing` make one. */
export interface Phone {
  readonly ring: (call: RingingCall) => void;
  readonly answered: (callId: string) => void;
  /** It rings no more, or the call is over. */
  readonly hide: (callId: string, how: RingEnd) => void;
  /** `hear` of `callWords`. */
  readonly hear: (handlers: CallHandlers) => () => void;
}

export interface Live {
  readonly supabase: LiveSupabase;
  readonly userId: string;
  readonly language: "en" | "tr";
  /** Calls that ring this person now. */
  readonly ringing: readonly RingingCall[];
  readonly background: Background | null;
  readonly phone: Phone | null;
  readonly verify: Verify | undefined;
  /** Say it before `answerCall`, so that this device is not told that another one answered. */
  readonly answering: (callId: string) => void;
  /** Whether this device said so of it. */
  readonly answered: (callId: string) => boolean;
}

const Context = createContext<Live | null>(null);

export interface LiveProviderProps {
  readonly supabase: LiveSupabase;
  readonly userId: string;
  readonly language: "en" | "tr";
  /** What keeps rooms and calls alive while the app is left: `foregroundService` of `dist/foreground`. One for the app's whole life. */
  readonly background?: Background;
  /** The phone's own screen, which shows what rings while the app is left. One for the app's whole life. */
  readonly phone?: Phone;
  /** What checks signatures: `nativeVerify` of `dist/verify`. Without it JavaScript does. */
  readonly verify?: Verify | undefined;
  readonly onRingEnd?: (callId: string, how: RingEnd) => void;
  /** `invitation`, `ban`, `refund`, `appeal`, `session`. */
  readonly onNews?: (event: string, payload: Readonly<Record<string, unknown>>) => void;
  readonly children: ReactNode;
}

export function LiveProvider(props: LiveProviderProps) {
  const { supabase, userId, language, background, phone, verify, onRingEnd, onNews, children } = props;
  const [ringing, setRinging] = useState<readonly RingingCall[]>([]);
  const me = useRef<Me | null>(null);
  const taken = useRef(new Set<string>());
  const handlers = useRef({ phone, onRingEnd, onNews });
  handlers.current = { phone, onRingEnd, onNews };
  useEffect(() => {
    const heard = hearMe(supabase, userId, {
      onRinging: (call) => {
        setRinging((calls) => [...calls, call]);
        handlers.current.phone?.ring(call);
      },
      onRingEnd: (id, how) => {
        handlers.current.phone?.hide(id, how);
        setRinging((calls) => calls.filter((call) => call.id !== id));
        handlers.current.onRingEnd?.(id, how);
      },
      onNews: (event, payload) => handlers.current.onNews?.(event, payload as Readonly<Record<string, unknown>>),
    });
    me.current = heard;
    const foreground = AppState.addEventListener("change", (state) => state === "active" && heard.refresh());
    return () => {
      foreground.remove();
      heard.dispose();
      setRinging([]);
    };
  }, [supabase, userId]);
  useEffect(() => {
    const foreground = AppState.addEventListener("change", (state) => {
      if (state !== "active") return;
      background?.refresh();
      refreshSound();
    });
    return () => foreground.remove();
  }, [background]);
  const value = useMemo<Live>(() => ({
    supabase,
    userId,
    language,
    ringing,
    background: background ?? null,
    phone: phone ?? null,
    verify,
    answered: (id) => taken.current.has(id),
    answering: (id) => {
      taken.current.add(id);
      me.current?.answering(id);
      setRinging((calls) => calls.filter((call) => call.id !== id));
    },
  }), [supabase, userId, language, ringing, background, phone, verify]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useLive(): Live {
  const live = useContext(Context);
  if (live === null) throw new Error("useLive needs a LiveProvider above it");
  return live;
}
