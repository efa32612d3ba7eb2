/** Owns: what a form is told before it sends: what the act would do, who else looks at the person, what others did meanwhile. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ACTIONS } from "../model/action_list.ts";
import { faultOf, rowOf } from "../model/actions.ts";
import type { Intent } from "../model/intents.ts";
import type { Act, Look, Preview } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { useIntents } from "./useIntents.ts";

const TYPED_MS = 300;
const LOOK_MS = 3_000;
/** The last look before sending may take so long: the door itself decides, this only spares a surprise. */
const LAST_LOOK_MS = 2_000;

/** What the act of the form would do, asked when the form changes; null while nobody knows. */
export function usePreview(intent: Intent): Preview | null {
  const client = useSupabase();
  const [preview, setPreview] = useState<Preview | null>(null);
  const { session_id, target_user_id, action, params } = rowOf(
    intent.draft,
    intent.aim,
    intent.id,
    false,
  );
  const asked = JSON.stringify({ session_id, target_user_id, action, params });
  // Of several people, and in calls, each act is answered by the door itself.
  const single = !intent.aim.also?.length && !intent.aim.callId;
  const ready = single && [null, "reason"].includes(faultOf(intent.draft)) &&
    ACTIONS[action].undoneBy !== null;

  useEffect(() => {
    setPreview(null);
    if (!ready) return;
    let over = false;
    const timer = setTimeout(async () => {
      try {
        const told = await dataOf<Preview>(client.rpc("preview_action", JSON.parse(asked)));
        if (!over) setPreview(told);
      } catch {
        // Without a preview the form works as well: the door says what it thinks.
      }
    }, TYPED_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [client, asked, ready]);
  return preview;
}

export interface Looking {
  others: Look["others"];
  /** What others did to the person since the form opened. */
  acts: Act[];
  /** Looks once more, before sending: whether there is something that was not on the screen. */
  anythingNew: () => Promise<boolean>;
}

/** Says that this person is being looked at for as long as the form is there, and hears who else does. */
export function useLooking(intent: Intent): Looking {
  const client = useSupabase();
  const { intents } = useIntents();
  const [look, setLook] = useState<Look | null>(null);
  const shown = useRef(0);
  const { target, sessionId } = intent.aim;
  const whom = target?.id ?? null;

  const ask = useCallback(async (within = 8_000): Promise<Look | null> => {
    if (whom === null) return null;
    const seen = intents.all().find((one) => one.id === intent.id)?.seenN ?? null;
    try {
      const told = await dataOf<Look>(
        client.rpc("look_at_person", { target_user_id: whom, session_id: sessionId, after_n: seen })
          .abortSignal(AbortSignal.timeout(within)),
      );
      if (seen === null) intents.seen(intent.id, told.n);
      setLook(told);
      return told;
    } catch {
      return null;
    }
  }, [client, intents, intent.id, whom, sessionId]);

  useEffect(() => {
    if (whom === null) return;
    void ask();
    const timer = setInterval(() => void ask(), LOOK_MS);
    return () => {
      clearInterval(timer);
      void client.rpc("look_away").then(() => undefined, () => undefined);
    };
  }, [client, ask, whom]);

  useEffect(() => {
    shown.current = look?.acts.length ?? 0;
  }, [look]);

  const anythingNew = useCallback(async () => {
    const before = shown.current;
    const told = await ask(LAST_LOOK_MS);
    return (told?.acts.length ?? 0) > before;
  }, [ask]);
  return { others: look?.others ?? [], acts: look?.acts ?? [], anythingNew };
}
