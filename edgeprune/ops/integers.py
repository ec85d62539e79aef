"""Integer tensors whose type is a parameter of the kernel (`ep_integer.h`)."""

from __future__ import annotations

from edgeprune.graph import DType, Tensor

#: Types that the kernels take, with C's name of each.
INTEGERS = {
    DType.INT8: "EP_INT8",
    DType.UINT8: "EP_UINT8",
    DType.INT16: "EP_INT16",
    DType.INT32: "EP_INT32",
}
_LIMITS = {
    DType.INT8: ("INT8_MIN", "INT8_MAX"),
    DType.UINT8: ("0", "UINT8_MAX"),
    DType.INT16: ("INT16_MIN", "INT16_MAX"),
    DType.INT32: ("INT32_MIN", "INT32_MAX"),
}


def limits(tensor: Tensor) -> tuple[str, str]:
    """Smallest and largest value of the tensor's type, in C."""
    return _LIMITS[tensor.dtype]


def not_quantized(tensor: Tensor, types: tuple[DType, ...]) -> str | None:
    """Why a tensor is not of one of the types with one scale and zero point; None when it is."""
    if tensor.dtype not in types:
        return f"{tensor.name!r} is {tensor.dtype.value}"
    if tensor.quantization is None or tensor.quantization.per_channel or tensor.quantization.scale <= 0:
        return f"{tensor.name!r} has no per-tensor scale"
    return None
