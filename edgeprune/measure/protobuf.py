"""Protocol buffers of other programs, described at run time: no generated code, no compiler.

Fields that are not described are passed over, so that files of later versions can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Message -> its fields: name, number, and a scalar type's name or another message's; `*` after it means repeated.
Schema = Mapping[str, Sequence[tuple[str, int, str]]]


def message_class(schema: Schema, name: str) -> Any:
    """The class of the message `name` of a schema; its `FromString` raises google.protobuf.message.DecodeError."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    package = f"edgeprune.{name.lower()}"
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    for title, fields in schema.items():
        message = file.message_type.add(name=title)
        for label, number, written in fields:
            kind = written.rstrip("*")
            times = kinds.LABEL_OPTIONAL if kind == written else kinds.LABEL_REPEATED
            added = message.field.add(name=label, number=number, label=times)
            if kind in schema:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
