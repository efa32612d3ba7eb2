"""Storage's REST interface (`/storage/v1`): the subset that private files need: objects and signed links.

Rows live in `storage.objects` as on the platform, and each request acts as its caller: row-level security decides.
"""
