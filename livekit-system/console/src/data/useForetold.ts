/** Owns: what a form is told before it sends: what the act would do, who else looks at the person, what others did meanwhile. */
import { useCallback, useEffect, useRef, useState } from "react";
import { ACTIONS } from "../model/action_list.ts";
import { faultOf, rowOf } from "../model/actions.ts";
import type { Intent } from "../model/intents.ts";
import type { Act, Look, Preview, PreviewOf } from "../model/rows.ts";
import { useSupabase } from "./client.ts";
import { dataOf } from "./failure.ts";
import { useIntents } from "./useIntents.ts";

const TYPED_MS = 300;
const LOOK_MS = 3_000;
/** The last look before sending may take so long: the door itself decides, this only spares a surprise. */
const LAST_LOOK_MS = 2_000;

/** So many people are asked about at once; of more, the first ones. */
export const FORETOLD_AT_ONCE = 100;

/** What the act of the form would do, asked when the form changes; null while nobody knows, and of several people. */
export function usePreview(intent: Intent): Preview | null {
  const { session_id, target_user_id, action, params } = rowOf(intent.draft, intent.aim, intent.id, false);
  const single = !intent.aim.also?.length;
  return useAsked<Preview>(
    "preview_action",
    { session_id, target_user_id, action, params },
    single && isReady(intent),
  );
}

/** The same for each of several people; null while nobody knows. */
export function usePreviews(intent: Intent): PreviewOf[] | null {
  const { session_id, action, params } = rowOf(intent.draft, intent.aim, intent.id, false);
  const { target, also = [] } = intent.aim;
  const people = target === null ? [] : [target, ...also].map((one) => one.id);
  const asked = { session_id, target_user_ids: people.slice(0, FORETOLD_AT_ONCE), action, params };
  return useAsked<PreviewOf[]>("preview_actions", asked, also.length > 0 && isReady(intent));
}

/** In calls the act is answered by the door itself. */
function isReady({ aim, draft }: Intent): boolean {
  return !aim.callId && [null, "reason"].includes(faultOf(draft)) && ACTIONS[draft.action].undoneBy !== null;
}

function useAsked<T>(name: string, body: Record<string, unknown>, ready: boolean): T | null {
  const client = useSupabase();
  const [preview, setPreview] = useState<T | null>(null);
  const asked = JSON.stringify(body);

  useEffect(() => {
    setPreview(null);
    if (!ready) return;
    let over = false;
    const timer = setTimeout(async () => {
      try {
        const told = await dataOf<T>(client.rpc(name, JSON.parse(asked)));
        if (!over) setPreview(told);
      } catch {
        // Without a preview the form works as well: the door says what it thinks.
      }
    }, TYPED_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [client, name, asked, ready]);
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
