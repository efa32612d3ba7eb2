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
  readonly scope: "person" | "account" | "message" | "session";
  /** The lowest rank that may ask for it. */
  readonly minRank: number;
}

export const ACTION_FACTS: Readonly<Record<ActionName, ActionFacts>> = {
  mute: { scope: "person", minRank: 30 },
  unmute: { scope: "person", minRank: 30 },
  camera_off: { scope: "person", minRank: 30 },
  camera_on: { scope: "person", minRank: 40 },
  chat_mute: { scope: "person", minRank: 30 },
  chat_unmute: { scope: "person", minRank: 40 },
  set_role: { scope: "account", minRank: 30 },
  kick: { scope: "person", minRank: 30 },
  ban: { scope: "account", minRank: 30 },
  unban: { scope: "account", minRank: 40 },
  delete_message: { scope: "message", minRank: 30 },
  release_message: { scope: "message", minRank: 30 },
  announce: { scope: "session", minRank: 40 },
  mute_all: { scope: "session", minRank: 40 },
  unmute_all: { scope: "session", minRank: 40 },
  slow_mode: { scope: "session", minRank: 40 },
  chat_mode: { scope: "session", minRank: 40 },
  pin_message: { scope: "session", minRank: 30 },
  end_session: { scope: "session", minRank: 50 },
  take_down: { scope: "session", minRank: 100 },
  restore: { scope: "session", minRank: 100 },
  export_audit: { scope: "session", minRank: 100 },
  listen: { scope: "session", minRank: 100 },
};

/** What `params` of a row in `moderation_actions` takes, by action. */
export interface ActionParams {
  readonly mute: { readonly replace?: boolean; readonly seconds?: number };
  readonly unmute: Record<string, never>;
  readonly camera_off: Record<string, never>;
  readonly camera_on: Record<string, never>;
  readonly chat_mute: { readonly replace?: boolean; readonly seconds?: number };
  readonly chat_unmute: Record<string, never>;
  readonly set_role: { readonly role: "host" | "co_host" | "moderator" | "speaker" | "listener" | "viewer" };
  readonly kick: Record<string, never>;
  readonly ban: {
    readonly scope?: "session" | "creator" | "platform";
    readonly replace?: boolean;
    readonly seconds?: number;
  };
  readonly unban: { readonly scope?: "session" | "creator" | "platform" };
  readonly delete_message: { readonly message_id: string };
  readonly release_message: { readonly message_id: string };
  readonly announce: { readonly text: string };
  readonly mute_all: Record<string, never>;
  readonly unmute_all: Record<string, never>;
  readonly slow_mode: { readonly seconds?: number };
  readonly chat_mode: { readonly mode: "everyone" | "followers_only" | "subscribers_only" };
  readonly pin_message: { readonly message_id?: string };
  readonly end_session: Record<string, never>;
  readonly take_down: { readonly recording_id: string };
  readonly restore: { readonly recording_id: string };
  readonly export_audit: {
    readonly form: "csv" | "print";
    readonly rows: number;
    readonly scope?: "platform";
    readonly sha256?: string;
    readonly filters?: string;
  };
  readonly listen: { readonly case_id?: string };
}
