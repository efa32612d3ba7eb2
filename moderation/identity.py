"""Who a participant of LiveKit's stands for: the one place that reads it from a name, a kind and attributes.

An app's participant is the person whose id is its identity, and nothing else can say so: the token names it. What
LiveKit brings in for somebody (an ingress such as OBS, a telephone) may be in the room beside that person's app, and
LiveKit lets an identity in once. So it may have a name of its own and say in one of two ways whose it is:

- its identity is `<user id>:<label>`, which is all that an ingress can be created with;
- its attribute `ipelya.person` is the user's id, which a rule for incoming calls can set and an identity cannot.

Neither can set these itself. Anybody else's attributes and labels prove nothing.
"""

import uuid
from collections.abc import Mapping
from typing import TypeVar, cast

Identity = TypeVar("Identity", bound=str)
"""What `identity_from` makes."""

PERSON_ATTRIBUTE = "ipelya.person"
BESIDE, LABEL = "/", ":"


def identity_from(name: str, *, carried: bool, attributes: Mapping[str, str]) -> str:
    """`name`: LiveKit's identity. `carried`: an ingress or a telephone. A person under their own id is that id;
    anything else is `<person>/<name>`, or `/<name>` where it could be mistaken for that."""
    person = _stands_for(name, attributes) if carried else name
    if person == name and BESIDE not in name:
        return name
    return f"{'' if BESIDE in person else person}{BESIDE}{name}"


def person_of(identity: Identity) -> Identity:
    """The id of the person; empty, or no user's id, for who is nobody."""
    return cast("Identity", identity.partition(BESIDE)[0])


def name_of(identity: str) -> str:
    """What LiveKit calls it."""
    return identity.partition(BESIDE)[2] or identity


def is_beside(identity: str) -> bool:
    """Whether it is somebody under another name than their own id: no app of theirs, which reads what it is sent."""
    return BESIDE in identity


def _stands_for(name: str, attributes: Mapping[str, str]) -> str:
    said = (name, attributes.get(PERSON_ATTRIBUTE, ""), name.partition(LABEL)[0])
    return next((who for who in said if _is_user_id(who)), name)


def _is_user_id(text: str) -> bool:
    """As the database spells it: any other spelling is another identity."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
