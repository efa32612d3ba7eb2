// Written from live_roles by tests/database/test_live_roles.py.

/** A role of somebody in a session. */
export type Role = "host" | "co_host" | "moderator" | "speaker" | "listener" | "viewer";
