"""Names for the numbers that the flatbuffer's option fields hold."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema


def _names(codes: type) -> dict[int, str]:
    return {code: name for name, code in vars(codes).items() if isinstance(code, int)}


_ACTIVATIONS = _names(schema.ActivationFunctionType)
_PADDINGS = _names(schema.Padding)


def activation_name(code: int) -> str:
    """NONE, RELU, RELU_N1_TO_1, RELU6, TANH or SIGN_BIT; KeyError for a damaged file."""
    return _ACTIVATIONS[code]


def padding_name(code: int) -> str:
    """SAME or VALID; KeyError for a damaged file."""
    return _PADDINGS[code]
