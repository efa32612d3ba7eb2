"""The assistants' server (Model Context Protocol): looks at the live platform, and acts only through its doors.

Each call begins with the caller's rights. It reads the database as the person it acts for, under row-level security,
then LiveKit's own lists, as far as that person may see them, and for ops the workers' public pages. It writes rows of
`moderation_actions` and `app_settings`, after a rehearsal, a confirmation and a person's yes, and nothing else. What
users wrote comes back as data under the word `untrusted`.
"""
