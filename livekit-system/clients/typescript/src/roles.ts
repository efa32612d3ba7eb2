// Written from live_roles by tests/database/test_live_roles.py.

/** A role of somebody in a session. */
export type Role = "host" | "co_host" | "moderator" | "speaker" | "listener" | "viewer";

/** Ranks of roles: nobody acts on a higher or equal one. */
export const RANKS: Readonly<Record<Role, number>> = {
  host: 50,
  co_host: 40,
  moderator: 30,
  speaker: 20,
  listener: 10,
  viewer: 10,
};

/** The rank of those who only look and listen. */
export const AUDIENCE_RANK = 10;
