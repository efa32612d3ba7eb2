"""The cloud on one machine, for development, demo and tests; never part of what is deployed.

Real Postgres, PostgREST, Deno and livekit-server, and a small gateway of ours for the parts of Supabase that
cannot be embedded. `stack.Stack` starts it all; `python -m local up` is the same for a person.
"""
