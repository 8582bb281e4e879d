"""TensorFlow Serving's messages, without its Python package.

On the wire they are those of `tensorflow_serving.apis`, of which they have the fields that are used
here. They live in a pool of descriptors of their own, so that both can be loaded in one process,
and hold other messages in maps as their bytes: tensors (see `mrca.export.packed_tensors`), and what
`GetModelMetadata` says.
"""

from typing import Any

from google.protobuf import wrappers_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MessageOptions,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "tensorflow.serving"
_STRING = FieldDescriptorProto.TYPE_STRING
_BYTES = FieldDescriptorProto.TYPE_BYTES


def _field(
    name: str, number: int, kind: str | int, *, repeated: bool = False
) -> FieldDescriptorProto:
    """A field of a scalar type, or of a message given by name."""
    field = FieldDescriptorProto(
        name=name,
        number=number,
        label=FieldDescriptorProto.LABEL_REPEATED
        if repeated
        else FieldDescriptorProto.LABEL_OPTIONAL,
    )
    if isinstance(kind, str):
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{kind}"
    else:
        field.type = kind
    return field


def _message(
    name: str, *fields: FieldDescriptorProto, map_: tuple[str, int] | None = None
) -> DescriptorProto:
    """A message; `map_` names and numbers a field that is a `map<string, bytes>`."""
    message = DescriptorProto(name=name, field=fields)
    if map_ is not None:
        entry = f"{map_[0].title().replace('_', '')}Entry"
        message.field.append(_field(*map_, f"{_PACKAGE}.{name}.{entry}", repeated=True))
        message.nested_type.add(
            name=entry,
            field=[_field("key", 1, _STRING), _field("value", 2, _BYTES)],
            options=MessageOptions(map_entry=True),
        )
    return message


_FILE = FileDescriptorProto(
    name="mrca/serving_messages.proto",
    package=_PACKAGE,
    syntax="proto3",
    dependency=[wrappers_pb2.DESCRIPTOR.name],
    message_type=[
        _message(
            "ModelSpec",
            _field("name", 1, _STRING),
            _field("version", 2, "google.protobuf.Int64Value"),
            _field("signature_name", 3, _STRING),
        ),
        _message(
            "PredictRequest",
            _field("model_spec", 1, f"{_PACKAGE}.ModelSpec"),
            _field("output_filter", 3, _STRING, repeated=True),
            map_=("inputs", 2),
        ),
        _message(
            "PredictResponse",
            _field("model_spec", 2, f"{_PACKAGE}.ModelSpec"),
            map_=("outputs", 1),
        ),
        _message(
            "GetModelMetadataRequest",
            _field("model_spec", 1, f"{_PACKAGE}.ModelSpec"),
            _field("metadata_field", 2, _STRING, repeated=True),
        ),
        _message("GetModelMetadataResponse", map_=("metadata", 2)),
        _message("SignatureDefMap", map_=("signature_def", 1)),
        _message(
            "PredictLog",
            _field("request", 1, f"{_PACKAGE}.PredictRequest"),
            _field("response", 2, f"{_PACKAGE}.PredictResponse"),
        ),
        _message("PredictionLog", _field("predict_log", 6, f"{_PACKAGE}.PredictLog")),
    ],
)
_POOL = DescriptorPool()
_POOL.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
_POOL.AddSerializedFile(_FILE.SerializeToString())


def _class(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


ModelSpec = _class("ModelSpec")
PredictRequest = _class("PredictRequest")
PredictResponse = _class("PredictResponse")
PredictLog = _class("PredictLog")
PredictionLog = _class("PredictionLog")
GetModelMetadataRequest = _class("GetModelMetadataRequest")
GetModelMetadataResponse = _class("GetModelMetadataResponse")
SignatureDefMap = _class("SignatureDefMap")
