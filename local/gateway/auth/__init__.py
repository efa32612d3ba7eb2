"""The sign-in endpoints of Supabase (`/auth/v1`): the subset that needs no mail, telephone or third party.

Users live in `auth.users` as on the platform, so that triggers and foreign keys on it work the same.
"""
