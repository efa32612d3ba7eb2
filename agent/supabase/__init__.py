"""Supabase's side of the ports: the store, wake-ups, broadcasts."""
