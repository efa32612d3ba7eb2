"""The assistants' server (Model Context Protocol): looks at the live platform, and acts only through its doors.

It reads the database as the ops user it acts for, under row-level security, then LiveKit's own lists and the workers'
public pages. It writes rows of `moderation_actions` and `app_settings`, after a rehearsal and a confirmation, and
nothing else. What users wrote comes back as data under the word `untrusted`.
"""
