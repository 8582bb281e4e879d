"""A served model over gRPC."""

from collections.abc import Collection, Mapping
from typing import Any

import grpc
import numpy as np
from google.protobuf.any_pb2 import Any as Any_
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from mrca.errors import MrcaError
from mrca.export.packed_tensors import pack_tensors, unpack_tensors
from mrca.export.serving_messages import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    ModelSpec,
    PredictRequest,
    PredictResponse,
    SignatureDefMap,
)
from mrca.serving.client_errors import nobody_answers, not_an_export, refused, too_late
from mrca.serving.model_url import ModelUrl
from mrca.serving.serving_client import ServingClient

_SERVICE = "/tensorflow.serving.PredictionService/"
# gRPC itself stops at 4 MB; a large batch of many relations is more.
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_NO_PROXY = [("grpc.enable_http_proxy", 0)]


class GrpcClient(ServingClient):
    """Asks over TensorFlow Serving's gRPC API; see `ServingClient`."""

    def __init__(self, url: ModelUrl, *, batch_size: int = 32, timeout: float = 60) -> None:
        super().__init__(url, batch_size=batch_size, timeout=timeout)
        self._channel = grpc.insecure_channel(
            url.address, options=_OPTIONS + (_NO_PROXY if url.is_local else [])
        )
        self._call = self._method("Predict", PredictResponse)
        self._describe = self._method("GetModelMetadata", GetModelMetadataResponse)
        self._model = ModelSpec(name=url.name, signature_name="tokens")
        if url.version is not None:
            self._model.version.value = url.version

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _method(self, name: str, response: Any) -> Any:
        return self._channel.unary_unary(
            _SERVICE + name,
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=response.FromString,
        )

    def _inputs(self) -> Collection[str]:
        request = GetModelMetadataRequest(model_spec=self._model, metadata_field=["signature_def"])
        try:
            response = self._describe(request, timeout=self.timeout)
            described = Any_.FromString(response.metadata["signature_def"]).value
            tokens = SignatureDefMap.FromString(described).signature_def["tokens"]
            return SignatureDef.FromString(tokens).inputs
        except (grpc.RpcError, DecodeError):  # if it does not answer, it is asked again
            return ()

    def _predict(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, Any]:
        request = PredictRequest(model_spec=self._model, inputs=pack_tensors(inputs))
        try:
            response = self._call(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise self._explained(error) from None
        try:
            outputs = unpack_tensors(response.outputs)
            return {
                name: _decoded(array) if array.dtype == object else array
                for name, array in outputs.items()
            }
        except (DecodeError, TypeError, ValueError) as error:
            raise not_an_export(f"tensors that cannot be read ({error})") from None

    def _explained(self, error: Any) -> MrcaError:
        code, details = error.code(), error.details() or ""
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return too_late(self.url, self.timeout)
        if code == grpc.StatusCode.UNAVAILABLE:
            return nobody_answers(self.url, details)
        return refused(
            self.url,
            f"gRPC status {code.name}",
            details,
            not_found=code == grpc.StatusCode.NOT_FOUND,
        )


def _decoded(strings: np.ndarray) -> np.ndarray:
    decoded = [string.decode("utf-8") for string in strings.flat]
    return np.array(decoded, dtype=object).reshape(strings.shape)
