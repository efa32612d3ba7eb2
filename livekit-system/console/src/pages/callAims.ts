/** Owns: what ops may ask in a call. Nobody listens to calls: ending them, and what concerns an account, is all there is. */
import { nameFor } from "../data/names.ts";
import { isRunning } from "../data/useCalls.ts";
import type { Aim } from "../model/intents.ts";
import { OPS_RANK } from "../model/roles.ts";
import type { Call } from "../model/rows.ts";

const OPS = { sessionId: null, roles: [], rank: OPS_RANK, dryRun: false };

/** Null for a call that is over. */
export function endOf(call: Call): Aim | null {
  if (!isRunning(call)) return null;
  return { ...OPS, callId: call.id, target: null, actions: ["end_session"], scopes: [] };
}

/** Against one of the two: out of the call while it runs, and off the platform in any case. */
export function againstIn(call: Call, id: string): Aim {
  const target = { id, name: nameFor(id) };
  if (!isRunning(call)) return { ...OPS, target, actions: ["ban"], scopes: ["platform"] };
  return { ...OPS, callId: call.id, target, actions: ["kick", "ban"], scopes: ["platform"] };
}
