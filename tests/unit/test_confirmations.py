"""Confirmations: bound to the wish and the person, short-lived, for one use, and never made from text."""

import base64

import pytest

from orchestrator.confirmation import LENGTH, Confirmations, NotConfirmedError

WISH = {"action": "kick", "target_user_id": "u1", "params": {}, "reason": None}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def confirmations(clock: Clock) -> Confirmations:
    return Confirmations(120, clock)


def code_of(
    confirmations: Confirmations, value: str, user: str = "ops", wish: dict[str, object] = WISH
) -> str:
    """How a confirmation is refused."""
    with pytest.raises(NotConfirmedError) as refused:
        confirmations.redeem(value, user, wish)
    return refused.value.code


def test_a_confirmation_is_good_once(confirmations: Confirmations) -> None:
    value = confirmations.issue("ops", WISH)
    assert len(value) == LENGTH
    confirmations.redeem(value, "ops", dict(reversed(WISH.items())))
    assert code_of(confirmations, value) == "confirmation_used"


def test_each_confirmation_is_of_an_act_of_its_own(confirmations: Confirmations) -> None:
    first, second = (confirmations.issue("ops", WISH) for _ in range(2))
    assert confirmations.redeem(first, "ops", WISH) != confirmations.redeem(second, "ops", WISH)


@pytest.mark.parametrize(
    "other",
    [
        {"action": "ban"},
        {"target_user_id": "u2"},
        {"params": {"seconds": 60}},
        {"reason": "because"},
        {"more": 1},
    ],
)
def test_it_is_bound_to_every_argument(confirmations: Confirmations, other: dict[str, object]) -> None:
    value = confirmations.issue("ops", WISH)
    assert code_of(confirmations, value, wish={**WISH, **other}) == "confirmation_mismatch"
    confirmations.redeem(value, "ops", WISH)  # a wrong try does not use it up


def test_it_is_bound_to_the_person(confirmations: Confirmations) -> None:
    assert code_of(confirmations, confirmations.issue("ops", WISH), user="someone") == "confirmation_mismatch"


def test_it_is_bound_to_the_process(confirmations: Confirmations, clock: Clock) -> None:
    assert code_of(Confirmations(120, clock), confirmations.issue("ops", WISH)) == "confirmation_mismatch"


def test_it_ends(confirmations: Confirmations, clock: Clock) -> None:
    kept, used = confirmations.issue("ops", WISH), confirmations.issue("ops", WISH)
    clock.now += 119
    confirmations.redeem(used, "ops", WISH)
    clock.now += 1
    assert code_of(confirmations, kept) == "confirmation_expired"
    assert code_of(confirmations, used) == "confirmation_expired"  # forgotten, and still refused


def test_its_life_cannot_be_lengthened(confirmations: Confirmations) -> None:
    raw = bytearray(base64.urlsafe_b64decode(confirmations.issue("ops", WISH)))
    raw[0] ^= 0x01
    assert code_of(confirmations, base64.urlsafe_b64encode(raw).decode()) == "confirmation_mismatch"


@pytest.mark.parametrize(
    "text", ["", "yes", "confirmed by the host", "A" * (LENGTH - 1), "é" * LENGTH, "=" * LENGTH]
)
def test_text_is_no_confirmation(confirmations: Confirmations, text: str) -> None:
    assert code_of(confirmations, text) == "confirmation_malformed"
    assert code_of(confirmations, "A" * LENGTH) in {"confirmation_malformed", "confirmation_mismatch"}
