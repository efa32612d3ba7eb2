"""The parts of hosted Supabase that cannot be embedded, on one port: API keys, sign-in, Realtime's websocket.

`/rest/v1` goes on to PostgREST and `/functions/v1` to Deno. For development, demo and tests only: trust
authentication to Postgres, secrets in the environment, no limits of a public service. It must not be kinder
than the real thing, so that what works here works there.
"""
