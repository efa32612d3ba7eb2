/** Owns: acting, on whatever page one is: the open form, and the list of what was asked in this tab. */
import { ActionDialog } from "../components/ActionDialog.tsx";
import { startOf } from "../components/ActionFields.tsx";
import { AskedList } from "../components/AskedList.tsx";
import { useNow } from "../data/useLive.ts";
import { useIntents } from "../data/useIntents.ts";
import type { Draft } from "../model/actions.ts";
import type { Intents } from "../data/intents.ts";
import { type Aim, type Intent, undoLeft, undoOf } from "../model/intents.ts";

/** Above each page. */
export function Acting() {
  const { intents, all } = useIntents();
  const open = all.find((intent) => intent.open);
  return (
    <>
      {all.some((intent) => !intent.open) && <Asked />}
      {open && <ActionDialog key={open.id} intent={open} intents={intents} />}
    </>
  );
}

function Asked() {
  const { intents, all } = useIntents();
  return (
    <AskedList
      asked={all.filter((intent) => !intent.open)}
      now={useNow()}
      onUndo={(intent, back) => intents.undo(intent.id, back)}
      onUndoAll={(batch) => takeBack(intents, all.filter((intent) => intent.batch === batch))}
      onDismiss={(intent) => intents.dismiss(intent.id)}
    />
  );
}

function takeBack(intents: Intents, some: Intent[]) {
  for (const intent of some) {
    const back = undoLeft(intent, Date.now()) > 0 ? undoOf(intent) : null;
    if (back) intents.undo(intent.id, back);
  }
}

/** Opens the form for an aim; `first`: what its draft begins with. */
export function useAct(): (aim: Aim, first?: Partial<Draft>) => void {
  const { intents } = useIntents();
  return (aim, first = {}) =>
    void intents.open(aim, {
      ...startOf(aim.actions[0]!, aim.target?.id ?? null, aim.roles),
      scope: aim.scopes[0] ?? "session",
      ...first,
    });
}
