// Written from live_actions by tests/database/test_live_actions.py.

export type ActionName =
  | "mute"
  | "unmute"
  | "camera_off"
  | "camera_on"
  | "chat_mute"
  | "chat_unmute"
  | "set_role"
  | "kick"
  | "ban"
  | "unban"
  | "delete_message"
  | "release_message"
  | "announce"
  | "mute_all"
  | "unmute_all"
  | "slow_mode"
  | "chat_mode"
  | "pin_message"
  | "end_session"
  | "take_down"
  | "restore"
  | "export_audit"
  | "listen";

export interface ActionFacts {
  /** What it is about: someone in the session, anybody's account, a message, or the whole session. */
  scope: "person" | "account" | "message" | "session";
  /** The lowest rank that may ask for it. */
  minRank: number;
  undoneBy: ActionName | null;
  /** Names of its params. */
  params: string[];
}

/** Each action, in the order of lists. */
export const ACTIONS: Record<ActionName, ActionFacts> = {
  mute: { scope: "person", minRank: 30, undoneBy: "unmute", params: ["replace", "seconds"] },
  unmute: { scope: "person", minRank: 30, undoneBy: "mute", params: [] },
  camera_off: { scope: "person", minRank: 30, undoneBy: "camera_on", params: [] },
  camera_on: { scope: "person", minRank: 40, undoneBy: "camera_off", params: [] },
  chat_mute: { scope: "person", minRank: 30, undoneBy: "chat_unmute", params: ["replace", "seconds"] },
  chat_unmute: { scope: "person", minRank: 40, undoneBy: "chat_mute", params: [] },
  set_role: { scope: "account", minRank: 30, undoneBy: "set_role", params: ["role"] },
  kick: { scope: "person", minRank: 30, undoneBy: null, params: [] },
  ban: { scope: "account", minRank: 30, undoneBy: "unban", params: ["scope", "replace", "seconds"] },
  unban: { scope: "account", minRank: 40, undoneBy: "ban", params: ["scope"] },
  delete_message: { scope: "message", minRank: 30, undoneBy: null, params: ["message_id"] },
  release_message: { scope: "message", minRank: 30, undoneBy: null, params: ["message_id"] },
  announce: { scope: "session", minRank: 40, undoneBy: null, params: ["text"] },
  mute_all: { scope: "session", minRank: 40, undoneBy: "unmute_all", params: [] },
  unmute_all: { scope: "session", minRank: 40, undoneBy: "mute_all", params: [] },
  slow_mode: { scope: "session", minRank: 40, undoneBy: "slow_mode", params: ["seconds"] },
  chat_mode: { scope: "session", minRank: 40, undoneBy: "chat_mode", params: ["mode"] },
  pin_message: { scope: "session", minRank: 30, undoneBy: "pin_message", params: ["message_id"] },
  end_session: { scope: "session", minRank: 50, undoneBy: null, params: [] },
  take_down: { scope: "session", minRank: 100, undoneBy: null, params: ["recording_id"] },
  restore: { scope: "session", minRank: 100, undoneBy: null, params: ["recording_id"] },
  export_audit: {
    scope: "session",
    minRank: 100,
    undoneBy: null,
    params: ["form", "rows", "scope", "sha256", "filters"],
  },
  listen: { scope: "session", minRank: 100, undoneBy: null, params: ["case_id"] },
};
