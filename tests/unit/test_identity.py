"""Whom a participant stands for, by its name, kind and attributes; what only looks like it proves nothing."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit import rtc

from agent.livekit.translation import identity_of
from handlers.facts import Identity
from moderation.identity import PERSON_ATTRIBUTE, is_beside, name_of, person_of

ME, OTHER = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


def participant(name: str, kind: str = "STANDARD", **attributes: str) -> Any:
    number = getattr(rtc.ParticipantKind, f"PARTICIPANT_KIND_{kind}")
    named = {PERSON_ATTRIBUTE if key == "person" else key: value for key, value in attributes.items()}
    return SimpleNamespace(identity=name, kind=number, attributes=named)


def stands_for(*told: Any, **attributes: str) -> tuple[str, bool]:
    identity = identity_of(participant(*told, **attributes))
    assert name_of(identity) == told[0]
    return person_of(identity), is_beside(identity)


def test_an_app_is_the_person_whose_id_is_its_identity() -> None:
    assert stands_for(ME) == (ME, False)
    assert identity_of(participant(ME)) == Identity(ME)


@pytest.mark.parametrize("kind", ["INGRESS", "SIP"])
def test_what_livekit_brings_in_is_who_its_identity_attribute_or_label_names(kind: str) -> None:
    assert stands_for(ME, kind) == (ME, False)
    assert stands_for(f"{ME}:obs", kind) == (ME, True)
    assert stands_for("sip_+905551112233", kind, person=ME) == (ME, True)


@pytest.mark.parametrize("kind", ["STANDARD", "CONNECTOR", "BRIDGE"])
def test_nobody_else_becomes_somebody_by_an_attribute_or_a_label(kind: str) -> None:
    assert stands_for(OTHER, kind, person=ME) == (OTHER, False)
    assert stands_for("lk-load-0", kind, person=ME)[0] == "lk-load-0"
    assert stands_for(f"{ME}:obs", kind)[0] == f"{ME}:obs"


@pytest.mark.parametrize("kind", ["STANDARD", "INGRESS", "SIP"])
def test_a_name_that_looks_like_ours_is_nobody_s(kind: str) -> None:
    assert stands_for(f"{ME}/obs", kind)[0] not in {ME, OTHER}


def test_an_identity_of_its_own_is_not_overruled_by_an_attribute() -> None:
    """To LiveKit it is that person, whose app is put out by it."""
    assert stands_for(ME, "INGRESS", person=OTHER) == (ME, False)
    assert stands_for(f"{OTHER}:obs", "INGRESS", person=ME) == (ME, True)


@pytest.mark.parametrize(
    "wrong", ["", "ada", ME[:-1], f" {ME}", str(uuid.UUID(int=255)).upper(), f"{{{ME}}}"]
)
def test_what_is_no_user_id_names_nobody(wrong: str) -> None:
    assert stands_for("sip_+905551112233", "SIP", person=wrong)[0] == "sip_+905551112233"


@given(st.text(min_size=1), st.sampled_from(["STANDARD", "INGRESS", "SIP"]), st.text())
def test_livekit_is_always_asked_by_its_own_name_for_it(name: str, kind: str, said: str) -> None:
    person, beside = stands_for(name, kind, person=said)
    assert beside or person == name
