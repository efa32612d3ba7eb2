"""Supabase Realtime's websocket: broadcast, database broadcasts and `postgres_changes`; no presence.

    Postgres' log ─► replication ─┬─► realtime.messages: at once ──────────► hub ─► sockets
                                  └─► other tables: every 100 ms, by RLS ──► changes ─► sockets

What happens while a client is away is lost to it, as upstream.
"""
