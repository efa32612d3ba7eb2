"""Owns the table of who may do what with each table of ours, as data: the tests read nothing else.

A specimen is a row of the scene (see test_access) that `select` is tried on. A write is a statement and the people
for whom it works; an operation without writes works for nobody but the service role, and for it only where
`service` names the operation. `{name}` stands for an id of the scene.
"""

from dataclasses import dataclass, field

PERSONAS = (
    "anon", "anonymous", "stranger", "banned", "viewer", "speaker",
    "moderator", "co_host", "host", "ops", "service_role",
)  # fmt: skip

Who = frozenset[str]


def who(names: str) -> Who:
    """Return the personas named in a string."""
    chosen = frozenset(names.split())
    assert chosen <= frozenset(PERSONAS), chosen
    return chosen


SERVICE = who("service_role")
OPS = SERVICE | who("ops")
STAFF = OPS | who("host co_host moderator")
ROOM = STAFF | who("speaker viewer")
SIGNED_IN = frozenset(PERSONAS) - who("anon")
EVERYONE = frozenset(PERSONAS)


@dataclass(frozen=True)
class Write:
    """A statement and those for whom it changes exactly one row; everyone else is refused or changes nothing."""

    sql: str
    works_for: Who


@dataclass(frozen=True)
class Access:
    """Who reads the specimen of a table, and who writes how."""

    specimen: str
    select: Who
    service: str = ""  # what else the service role may do at all: letters of insert, update, delete
    insert: tuple[Write, ...] = ()
    update: tuple[Write, ...] = ()
    delete: tuple[Write, ...] = ()
    writes: dict[str, tuple[Write, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the writes by operation."""
        writes = {"insert": self.insert, "update": self.update, "delete": self.delete}
        object.__setattr__(self, "writes", writes)


MATRIX: dict[str, Access] = {
    # ── switches and roles ──
    "live_ops": Access("user_id = '{ops}'", OPS, "iud"),
    "app_settings": Access(
        "key = 'live.enabled'",
        SIGNED_IN - who("anonymous"),
        "iud",
        update=(
            Write("update app_settings set value = 'true' where key = 'live.enabled'", OPS),
            Write("update app_settings set description = 'x' where key = 'live.enabled'", SERVICE),
        ),
    ),
    "app_setting_changes": Access("key = 'limits'", OPS),
    "live_roles": Access("context = 'call'", EVERYONE),
    "erasures": Access("user_id = '{erased}'", OPS),
    # ── sessions ──
    "live_sessions": Access(
        "id = '{session}'",
        EVERYONE,
        "iu",
        update=(
            Write("update live_sessions set title = 'new' where id = '{session}'", SERVICE | who("host")),
            Write("update live_sessions set end_reason = 'x' where id = '{session}'", SERVICE),
        ),
    ),
    "live_session_transitions": Access("from_status = 'live'", SERVICE),
    "live_events": Access("session_id = '{session}'", ROOM | who("anonymous")),
    "live_tickets": Access("session_id = '{paid}'", OPS | who("host viewer")),
    "live_participants": Access(
        "session_id = '{session}' and user_id = '{speaker}'", ROOM | who("anonymous"), "iu"
    ),
    "live_visits": Access("participant_sid = 'PA_{viewer}'", STAFF | who("viewer"), "iu"),
    "live_bans": Access("user_id = '{banned}'", STAFF | who("banned"), "iu"),
    "live_messages": Access(
        "session_id = '{session}' and type = 'text'",
        ROOM | who("anonymous"),
        "i",
        insert=(
            Write(
                "insert into live_messages (session_id, body) values ('{session}', 'hello')",
                ROOM - OPS,  # who is there in person; server code must say for whom it writes
            ),
            Write(
                "insert into live_messages (session_id, type, body) values ('{session}', 'system', 'x')",
                SERVICE,
            ),
        ),
    ),
    "live_audio_stats": Access("user_id = '{speaker}'", STAFF | who("speaker"), "iu"),
    "live_level_watches": Access("session_id = '{session}'", SERVICE, "d"),
    # ── moderation ──
    "moderation_actions": Access(
        "session_id = '{session}' and action = 'camera_off'",
        STAFF,
        "i",
        insert=(
            Write(
                "insert into moderation_actions (session_id, target_user_id, action)"
                " values ('{session}', '{viewer}', 'camera_off')",
                STAFF,
            ),
            Write(
                "insert into moderation_actions (session_id, target_user_id, action, status)"
                " values ('{session}', '{viewer}', 'camera_off', 'pending')",
                SERVICE,
            ),
        ),
    ),
    "moderation_incidents": Access("user_id = '{speaker}'", STAFF, "iu"),
    "live_actions": Access("action = 'mute'", EVERYONE),
    "chat_rules": Access(
        "pattern = 'spam-{session}'",
        OPS | who("host"),
        "iud",
        insert=(
            Write(
                "insert into chat_rules (scope, creator_id, pattern, effect)"
                " values ('creator', '{host}', 'word-{session}', 'hold')",
                SERVICE | who("host"),
            ),
            Write(
                "insert into chat_rules (scope, pattern, effect) values ('platform', 'word-{session}', 'hold')",
                OPS,
            ),
        ),
        delete=(Write("delete from chat_rules where pattern = 'spam-{session}'", SERVICE | who("host")),),
    ),
    "reason_codes": Access("code = 'spam'", EVERYONE),
    "user_reports": Access("user_id = '{speaker}'", OPS | who("viewer")),
    "case_notes": Access("body = 'heard it {session}'", OPS),
    "person_notes": Access("body = 'noted {session}'", OPS),
    "shift_notes": Access("body = 'left {session}'", OPS),
    "moderation_appeals": Access("user_id = '{speaker}'", OPS | who("speaker")),
    "moderation_cases": Access("session_id = '{session}' and user_id = '{speaker}'", OPS, "iu"),
    # ── coins ──
    "gift_catalog": Access(
        "code = 'rose'",
        SIGNED_IN,
        "iu",
        insert=(
            Write("insert into gift_catalog (code, name_en, name_tr, coins) values ('x1', 'X', 'X', 1)", OPS),
        ),
        update=(Write("update gift_catalog set coins = 2 where code = 'rose'", OPS),),
    ),
    "coin_wallets": Access("user_id = '{viewer}'", OPS | who("viewer")),
    "coin_ledger": Access("user_id = '{viewer}' and kind = 'gift'", OPS | who("viewer")),
    "creator_payouts": Access("creator_id = '{host}'", OPS | who("host")),
    "creator_debts": Access("creator_id = '{host}'", OPS | who("host")),
    "creator_earned_hours": Access("creator_id = '{host}'", OPS | who("host")),
    "creator_open_earnings": Access("creator_id = '{host}'", OPS | who("host")),
    "creator_balances": Access("creator_id = '{host}'", OPS | who("host")),
    "live_media": Access("session_id = '{session}'", STAFF),
    "creator_earnings": Access("session_id = '{session}'", OPS | who("host")),
    "live_gifts": Access("session_id = '{session}'", STAFF | who("viewer")),
    # ── calls: the viewer calls the speaker ──
    "calls": Access("id = '{call}'", OPS | who("viewer speaker"), "iu"),
    "call_transitions": Access("from_status = 'ringing'", SERVICE),
    "call_engagements": Access("call_id = '{call}'", SERVICE),
    # ── what people decide about others ──
    "user_blocks": Access("user_id = '{speaker}'", OPS | who("speaker"), "d"),
    "call_preferences": Access("user_id = '{speaker}'", OPS | who("speaker"), "d"),
    # ── push: the speaker's phone, on which the viewer's call rang ──
    "push_devices": Access(
        "user_id = '{speaker}'",
        SERVICE | who("speaker"),
        delete=(Write("delete from push_devices where user_id = '{speaker}'", who("speaker")),),
    ),
    "live_recordings": Access("session_id = '{session}'", STAFF),
    "live_recording_parts": Access("prefix = 'part {session}'", STAFF),
    "live_recording_transitions": Access("from_state = 'new'", SERVICE),
    "live_recording_consents": Access("user_id = '{speaker}'", STAFF | who("speaker")),
    "live_recording_cuts": Access("user_id = '{speaker}'", OPS | who("speaker host")),
    "live_vods": Access("session_id = '{session}'", OPS | who("host")),
    "live_vod_plays": Access("user_id = '{viewer}'", OPS | who("viewer")),
    "live_recording_acts": Access("reason = 'why {session}'", OPS),
    "live_recording_stops": Access("creator_id = '{stranger}'", OPS),
    "evidence_clips": Access("session_id = '{session}'", OPS),
    "content_flags": Access("session_id = '{session}'", OPS),
    "speech_rules": Access(
        "pattern = 'evil-{session}'",
        OPS,
        "iud",
        insert=(Write("insert into speech_rules (pattern, kind) values ('worse-{session}', 'threat')", OPS),),
        delete=(Write("delete from speech_rules where pattern = 'evil-{session}'", OPS),),
    ),
    "evidence_access": Access("reason = 'why {session}'", OPS),
    "page_outbox": Access("case_id is not null", SERVICE),
    "push_outbox": Access("user_id = '{speaker}'", SERVICE),
    # ── machinery ──
    "agent_rooms": Access("room = '{room}'", OPS, "iud"),
    "agent_workers": Access("worker_id = 'worker of {room}'", OPS, "iud"),
    "relay_keys": Access("kid = 'key-{session}'", SIGNED_IN, "iu"),
    "livekit_webhook_events": Access("id = 'EV_{session}'", SERVICE, "id"),
    # ── views ──
    "live_now": Access("id = '{session}'", SIGNED_IN - SERVICE),
    "live_upcoming": Access("id = '{paid}'", SIGNED_IN - SERVICE - who("anonymous")),
    "my_calls": Access("id = '{call}'", who("viewer speaker")),
    "session_people": Access(
        "session_id = '{session}' and user_id = '{speaker}'", ROOM - SERVICE | who("anonymous")
    ),
    "live_replays": Access("session_id = '{paid}'", SIGNED_IN - SERVICE),
    "moderation_audit": Access("session_id = '{session}' and action = 'camera_off'", STAFF),
    "watch_time": Access("user_id = '{viewer}' and creator_id = '{host}'", OPS | who("viewer host")),
    "session_loudness": Access("user_id = '{speaker}'", STAFF | who("speaker")),
    "creator_revenue": Access("creator_id = '{host}'", OPS | who("host")),
}
