"""psrpc's envelopes and Egress' own requests, described here because no package for Python carries them.

Field numbers are those of `internal.proto` in github.com/livekit/psrpc and `rpc/egress.proto` in
github.com/livekit/protocol; fields that the stand-in does not read are left out.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from livekit.protocol import egress

FIELD = descriptor_pb2.FieldDescriptorProto
TEXT, BYTES, INT64, BOOL, FLOAT = (
    FIELD.TYPE_STRING,
    FIELD.TYPE_BYTES,
    FIELD.TYPE_INT64,
    FIELD.TYPE_BOOL,
    FIELD.TYPE_FLOAT,
)
Fields = Mapping[str, tuple[int, Any]]

PSRPC: Mapping[str, Fields] = {
    "Msg": {"type_url": (1, TEXT), "value": (2, BYTES), "channel": (3, TEXT)},
    "Request": {
        "request_id": (1, TEXT),
        "client_id": (2, TEXT),
        "sent_at": (3, INT64),
        "expiry": (4, INT64),
        "multi": (5, BOOL),
        "raw_request": (8, BYTES),
    },
    "Response": {
        "request_id": (1, TEXT),
        "server_id": (2, TEXT),
        "sent_at": (3, INT64),
        "error": (5, TEXT),
        "code": (6, TEXT),
        "raw_response": (7, BYTES),
    },
    "ClaimRequest": {"request_id": (1, TEXT), "server_id": (2, TEXT), "affinity": (3, FLOAT)},
    "ClaimResponse": {"request_id": (1, TEXT), "server_id": (2, TEXT)},
}
EGRESS: Mapping[str, Fields] = {
    "StartEgressRequest": {
        "egress_id": (1, TEXT),
        "room_id": (3, TEXT),
        "room_composite": (5, "livekit.RoomCompositeEgressRequest"),
        "track_composite": (6, "livekit.TrackCompositeEgressRequest"),
        "track": (7, "livekit.TrackEgressRequest"),
        "participant": (13, "livekit.ParticipantEgressRequest"),
    },
    "ListActiveEgressRequest": {},
    "ListActiveEgressResponse": {"egress_ids": (1, [TEXT])},
}


def _describe(
    package: str, messages: Mapping[str, Fields], needs: str | None = None
) -> Mapping[str, type[Any]]:
    file = descriptor_pb2.FileDescriptorProto(name=f"local/{package}.proto", package=package, syntax="proto3")
    if needs:
        file.dependency.append(needs)
    for name, fields in messages.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            many = isinstance(kind, list)
            one = kind[0] if isinstance(kind, list) else kind
            made = described.field.add(
                name=field, number=number, label=FIELD.LABEL_REPEATED if many else FIELD.LABEL_OPTIONAL
            )
            if isinstance(one, str):
                made.type, made.type_name = FIELD.TYPE_MESSAGE, f".{one}"
            else:
                made.type = one
    pool = Default()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in messages
    }


_PSRPC = _describe("internal", PSRPC)
_EGRESS = _describe("rpc", EGRESS, egress.DESCRIPTOR.name)
Msg, Request, Response, ClaimRequest, ClaimResponse = (_PSRPC[name] for name in PSRPC)
StartEgress, ListActive, Active = (_EGRESS[name] for name in EGRESS)


def packed(message: Message) -> bytes:
    """As psrpc puts it on the bus."""
    name = message.DESCRIPTOR.full_name
    return bytes(
        Msg(type_url=f"type.googleapis.com/{name}", value=message.SerializeToString()).SerializeToString()
    )


def unpacked(kind: type[Any], content: bytes) -> Any:
    """The message of this kind out of psrpc's envelope."""
    return kind.FromString(Msg.FromString(content).value)
