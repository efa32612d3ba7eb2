"""What must hold for the evening to be a good one: every check of the demo, by name, in one place."""

from collections.abc import Iterator
from dataclasses import dataclass

from local.results import Figure


@dataclass(frozen=True, slots=True)
class Check:
    """Something true (`bar` is None), or something that takes at most `bar` milliseconds."""

    name: str
    says: str
    bar: float | None = None


CHECKS = (
    Check("door.ticket.refused", "without a ticket nobody gets into a paid live"),
    Check("door.subscription.refused", "without a subscription nobody gets into a subscribers' room"),
    Check("door.ticket.admitted", "with a ticket one does, and the coins are the creator's"),
    Check("live.picture.ms", "from asking for a token to the creator's picture and voice", 5000),
    Check("agent.present", "the agent is in the room, by LiveKit's own list"),
    Check("agent.hidden", "nobody in any room was ever shown it"),
    Check("agent.packets_verified", "its packets name no sender and all are signed by a known key"),
    Check("room.promotion.ms", "from the host's yes to the right to speak", 2000),
    Check("room.speaker_heard", "anyone who is promoted is heard"),
    Check("room.demotion.ms", "from the host's no to silence for the others", 2000),
    Check("room.demoted_stays_silent", "and silent it stays, until asked again"),
    Check("hearing.muted", "who shouts is noticed, warned and muted by the rule, through the one door"),
    Check("hearing.reason", "and told why each time, with the figures, in English and Turkish"),
    Check("hearing.incidents", "the incidents tell the story in numbers"),
    Check("hearing.observed", "where the policy only observes, the same story is recorded and nothing done"),
    Check("hearing.levels", "the host is shown the levels, a listener is not"),
    Check("gifts.once_in_order", "every gift arrives once and in order, a retried one charges once"),
    Check("gifts.arrival.ms", "from the last gift's receipt to everybody's screen", 2000),
    Check("gifts.late_joiner", "who comes late has them all, in order"),
    Check("gifts.forged_ignored", "no phone believes a gift that is altered or signed with a strange key"),
    Check("ops.mute.ms", "from the mute's row to LiveKit's confirmation", 1000),
    Check("ops.mute_heard.ms", "from the mute's row to the last sound that another person heard", 2000),
    Check("ops.kick.ms", "from the kick's row to being out", 2000),
    Check("ops.kick_once", "who is kicked may come back, and stays"),
    Check("ops.ban.ms", "from the ban's row to being out", 2000),
    Check("ops.ban_old_token.ms", "with the old token, the longest stay inside", 1000),
    Check("ops.ban_no_token", "and no new token for who is banned"),
    Check("evasion.unmeasured.ms", "from speaking past the agent to the end of the right to speak", 15_000),
    Check("evasion.named", "and the incident says that it was for not being measurable"),
    Check("account.deleted_on_air.ms", "from a host's deletion on air to the end for a viewer", 3000),
    Check("account.token_refused", "and a deleted account gets no token"),
    Check("case.raised", "three reports are one case, graver than one report"),
    Check("case.decided", "one operator at a time decides it, and the person is told why"),
    Check("case.appeal_lifted", "another operator than the one who acted decides the appeal"),
    Check("case.one_view", "reports, the clip and who heard it, acts, notes and the appeal are one view"),
    Check("case.reporters_unseen", "the reported never sees a report or the case"),
    Check("recording.refused.ms", "from refusing to be recorded to the end of the right to speak", 2000),
    Check("recording.active.ms", "from the announcement's end until it is recorded", 5000),
    Check("recording.playable.ms", "from the stop until it can be played", 30_000),
    Check("recording.refuser_unheard", "the host is in the recording, and not a sound of who refused"),
    Check("recording.plays", "it plays in a browser, from the chapter that is pressed"),
    Check("assistant.explains", "an assistant is told why somebody may not enter"),
    Check("assistant.mute.ms", "from an assistant's request to LiveKit's confirmation", 1000),
    Check("assistant.confirmed_once", "it acts on a confirmation only, once, and the audit names it"),
    Check("calls.duration", "a call rings, is accepted, ends, and its duration is right to the second"),
    Check("calls.heard", "both sides hear each other"),
    Check("calls.declined", "a call can be declined"),
    Check("calls.missed", "a call that nobody answers is missed"),
    Check("calls.switched_off", "no call starts while calls are switched off"),
    Check("takeover.ms", "from the worker's SIGKILL to the room moderated again", 10_000),
    Check("takeover.mute_enforced", "a mute asked for while nobody was there is enforced"),
    Check("books.presence", "every visit is in the books, once, with its end"),
    Check("books.audit", "every request for moderation is there, and applied"),
    Check("books.gifts", "every gift is there, at its price"),
    Check("books.coins", "wallets, earnings and sessions say what the ledger says"),
)


class Scoreboard:
    """What came of the checks so far."""

    def __init__(self) -> None:
        self._checks = {check.name: check for check in CHECKS}
        self._figures: dict[str, Figure] = {}
        self._left_out: dict[str, str] = {}

    def holds(self, name: str, held: bool) -> None:  # noqa: FBT001 - reads well where it is called
        """Something that is true or not. Said more than once, it must be true each time."""
        assert self._checks[name].bar is None
        before = self._figures.get(name)
        held = held and (before is None or before.held is True)
        self._figures[name] = Figure(name, float(held), "bool", (before.n if before else 0) + 1, 1, held)

    def took(self, name: str, seconds: float) -> None:
        """Something that takes a time; of several, the longest counts."""
        bar = self._checks[name].bar
        assert bar is not None
        before = self._figures.get(name)
        longest = max(seconds * 1000, before.value if before else 0)
        n = (before.n if before else 0) + 1
        self._figures[name] = Figure(name, round(longest, 1), "ms", n, bar, longest <= bar)

    def leave_out(self, beginning: str, why: str) -> None:
        """What cannot be tried on this machine: every check whose name begins so, unless it was seen by now."""
        names = [name for name in self._checks if name.startswith(beginning)]
        assert names
        self._left_out |= dict.fromkeys((name for name in names if name not in self._figures), why)

    def why_left_out(self, name: str) -> str | None:
        """Why it was not tried; None: it was, or should have been."""
        return self._left_out.get(name)

    def __iter__(self) -> Iterator[tuple[Check, Figure | None]]:
        """Every check, with None where the evening never got to it."""
        return ((check, self._figures.get(check.name)) for check in CHECKS)

    @property
    def all_held(self) -> bool:
        """False as long as one check never came up that was not left out."""
        return all(
            figure.held if figure is not None else check.name in self._left_out for check, figure in self
        )

    def figures(self) -> list[Figure]:
        """One figure per check; what never came up did not hold, and what was left out has none."""
        return [
            figure or Figure(check.name, 0, "ms" if check.bar else "bool", 0, check.bar or 1, held=False)
            for check, figure in self
            if check.name not in self._left_out
        ]
