"""What the doctor says of the place for recordings: what is wrong with its settings, and whether its account may store.

A place that is not set at all is no fault: a worker moderates without it, and a recording that is asked for fails and
says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import jwt

from agent.core.ports import PortError, Unavailable
from agent.supabase.client import Supabase
from agent.supabase.recording_place import BUCKET, PlaceSettings
from agent.supabase.s3_files import S3Files

Finding = tuple[bool, str]

LIST_SECONDS = 10.0
SECRET_KEY = "sb_secret_"  # noqa: S105 - how one begins
NOWHERE = "recordings: RECORDING_S3_… is not set, so nothing can be recorded: see DEPLOYMENT.md"


async def check_recordings(place: PlaceSettings, supabase: Supabase) -> Sequence[Finding]:
    """Settings first; only where nothing is wrong with them is anybody asked."""
    if not any((place.access_key, place.secret, place.email, place.password)):
        return [(True, NOWHERE)]
    if faults := [(False, f"recordings: {fault}") for fault in setting_faults(place)]:
        return faults
    if place.email:
        return [await _account(place, supabase)]
    return [await _listed(place)]


def setting_faults(place: PlaceSettings) -> Iterator[str]:
    """What the settings alone show to be wrong, each with its remedy. No secret is in it."""
    if not place.access_key:
        yield "RECORDING_S3_ACCESS_KEY is missing: at Supabase it is the project's reference"
    if not place.secret:
        yield "RECORDING_S3_SECRET is missing: at Supabase it is the anon key"
    if bool(place.email) != bool(place.password):
        missing = "PASSWORD" if place.email else "EMAIL"
        yield f"RECORDING_S3_{missing} is missing: an account has both"
    if place.is_supabase:
        yield from _faults_at_supabase(place)
    elif place.email:
        yield (
            "RECORDING_S3_EMAIL is an account of Supabase's Storage, and RECORDING_S3_ENDPOINT is another store: "
            "unset one of them"
        )


def _faults_at_supabase(place: PlaceSettings) -> Iterator[str]:
    if not place.email and not place.password:
        yield (
            "RECORDING_S3_EMAIL is missing: Supabase's own S3 keys pass over row-level security in every bucket, so "
            'recordings are stored as an account with app_metadata {"recorder": true}'
        )
    if place.secret.startswith(SECRET_KEY) or claims_of(place.secret).get("role") == "service_role":
        yield "RECORDING_S3_SECRET is a secret key, which passes over row-level security: use the anon key"
    if not place.path_style:
        yield "RECORDING_S3_PATH_STYLE is false: Supabase's Storage has the bucket in the path"
    if place.bucket != BUCKET:
        yield f"RECORDING_S3_BUCKET must be {BUCKET} at Supabase: the policies and the player know no other"


async def _account(place: PlaceSettings, supabase: Supabase) -> Finding:
    try:
        token, seconds = await supabase.sign_in(place.email, place.password, place.secret)
    except Unavailable as error:
        return False, f"recordings: Auth does not answer ({error})"
    except PortError as error:
        return False, (
            f"recordings: the account RECORDING_S3_EMAIL cannot sign in ({error}): its password, or the anon key in "
            "RECORDING_S3_SECRET, is another"
        )
    if claims_of(token).get("app_metadata", {}).get("recorder") is not True:
        return False, (
            'recordings: the account RECORDING_S3_EMAIL has no app_metadata {"recorder": true}, so Storage takes '
            "nothing from it"
        )
    return True, (
        f"recordings: stored as an account of their own, {seconds / 60:.0f} min a part: what is longer goes on as "
        "another part"
    )


async def store_faults(place: PlaceSettings, supabase: Supabase) -> Sequence[Mapping[str, Any]]:
    """Where recordings and the files of a store of another provider disagree, as `live_faults` answers: every file of
    it is listed. Supabase's Storage is looked at by the database itself. Raises `PortError`."""
    if place.is_supabase or not place.access_key:
        return []
    found = await S3Files(place, LIST_SECONDS).every_recording()
    asked = {"p_store": place.store, "p_found": {name: at.isoformat() for name, at in found.items()}}
    faults: Sequence[Mapping[str, Any]] = await supabase.rpc("recording_store_faults", asked)
    return faults


async def _listed(place: PlaceSettings) -> Finding:
    """A listing of a folder that is not there needs the keys, the bucket and its region to be right."""
    host = urlsplit(place.endpoint).hostname
    try:
        await S3Files(place, LIST_SECONDS).files("doctor")
    except Unavailable as error:
        return False, f"recordings: RECORDING_S3_ENDPOINT {host} does not answer ({error})"
    except PortError as error:
        return False, f"recordings: {host} takes no RECORDING_S3_… keys for {place.bucket} ({error})"
    return True, f"recordings: stored at {host} in {place.bucket}, whose files the keys may list"


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JWT says of itself, unproved; nothing of what is none."""
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}
