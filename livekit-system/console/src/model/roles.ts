// Written from live_roles by tests/database/test_live_roles.py.

export type Role = "host" | "co_host" | "moderator" | "speaker" | "listener" | "viewer";
export type Source = "camera" | "microphone" | "screen_share" | "screen_share_audio";

export interface RoleFacts {
  rank: number;
  /** What it may publish. The database decides; this is for display. */
  sources: Source[];
  /** Whether it moderates. */
  staff: boolean;
  /** Whether someone new gets it. */
  arrives: boolean;
  /** It gives roles below this rank only. */
  grantsBelow: number;
}

/** Every role of a kind of session, the highest first. */
export const ROLES: Record<"video_live" | "audio_room", Record<Role, RoleFacts>> = {
  video_live: {
    host: {
      rank: 50,
      sources: ["camera", "microphone", "screen_share", "screen_share_audio"],
      staff: true,
      arrives: false,
      grantsBelow: 50,
    },
    co_host: { rank: 40, sources: ["camera", "microphone"], staff: true, arrives: false, grantsBelow: 30 },
    moderator: { rank: 30, sources: [], staff: true, arrives: false, grantsBelow: 30 },
    speaker: { rank: 20, sources: ["camera", "microphone"], staff: false, arrives: false, grantsBelow: 0 },
    listener: { rank: 10, sources: [], staff: false, arrives: false, grantsBelow: 0 },
    viewer: { rank: 10, sources: [], staff: false, arrives: true, grantsBelow: 0 },
  },
  audio_room: {
    host: { rank: 50, sources: ["microphone"], staff: true, arrives: false, grantsBelow: 50 },
    co_host: { rank: 40, sources: ["microphone"], staff: true, arrives: false, grantsBelow: 30 },
    moderator: { rank: 30, sources: ["microphone"], staff: true, arrives: false, grantsBelow: 30 },
    speaker: { rank: 20, sources: ["microphone"], staff: false, arrives: false, grantsBelow: 0 },
    listener: { rank: 10, sources: [], staff: false, arrives: true, grantsBelow: 0 },
    viewer: { rank: 10, sources: [], staff: false, arrives: false, grantsBelow: 0 },
  },
};

/** Ranks of roles: nobody acts on a higher or equal one. */
export const RANKS: Record<Role, number> = {
  host: 50,
  co_host: 40,
  moderator: 30,
  speaker: 20,
  listener: 10,
  viewer: 10,
};
/** Above every role. */
export const OPS_RANK = 100;
export const HOST_RANK = 50;
export const AUDIENCE_RANK = 10;
/** Those that moderate. */
export const STAFF: Role[] = ["host", "co_host", "moderator"];

export const ROLE_NAMES: Record<"en" | "tr", Record<Role, string>> = {
  en: {
    host: "host",
    co_host: "co-host",
    moderator: "moderator",
    speaker: "speaker",
    listener: "listener",
    viewer: "viewer",
  },
  tr: {
    host: "sunucu",
    co_host: "yardımcı sunucu",
    moderator: "moderatör",
    speaker: "konuşmacı",
    listener: "dinleyici",
    viewer: "izleyici",
  },
};
