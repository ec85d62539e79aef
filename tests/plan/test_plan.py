"""Kernels and memory for whole graphs; what a target cannot run is refused in words."""

from __future__ import annotations

import pytest

from edgeprune.errors import DoesNotFit, UnsupportedError
from edgeprune.plan import analyse, make_plan
from edgeprune.targets import Extension, load_target
from edgeprune.tflite import read_bytes
from support.host import roomy_target
from support.small import odd_float_model, small_model, unsupported_model

M4 = load_target("cortex-m4")


def test_dsp_kernels_where_the_core_has_them() -> None:
    graph = read_bytes(small_model(), "m").graph
    with_dsp = [layer.kernel.needs for layer in make_plan(graph, M4).layers if layer.kernel]
    without = [layer.kernel.needs for layer in make_plan(graph, roomy_target("cortex-m3")).layers if layer.kernel]
    assert Extension.DSP in with_dsp[0]
    assert not any(without)


def test_unknown_operator_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match=r"SIN cannot run on cortex-m4; supported are ABS, ADD, .*SOFTMAX"):
        make_plan(read_bytes(unsupported_model(), "m").graph, M4)


def test_float_operator_is_refused_with_the_way_out() -> None:
    with pytest.raises(UnsupportedError, match=r"float32.*--quantize int8"):
        make_plan(read_bytes(odd_float_model(), "m").graph, M4)


def test_too_large_says_by_how_much_and_what() -> None:
    small = M4.model_copy(update={"ram": M4.ram.model_copy(update={"size": 4300})})
    with pytest.raises(DoesNotFit, match=r"exceeds the 204 B .* by [\d,]+ B; largest tensor: tensor_\d+"):
        make_plan(read_bytes(small_model(), "m").graph, small)


def test_analysis_agrees_with_the_plan() -> None:
    graph = read_bytes(small_model(), "m").graph
    layers, plan = analyse(graph, M4), make_plan(graph, M4)
    assert [layer.kernel for layer in layers] == [layer.kernel.name for layer in plan.layers]
    assert [layer.macs for layer in layers] == [layer.macs for layer in plan.layers]
    assert sum(layer.macs for layer in layers) == 16 * (8 * 9 + 8 * 9 + 8 * 8) + 8 * 4


def test_analysis_of_what_is_not_supported() -> None:
    (layer,) = analyse(read_bytes(unsupported_model(), "m").graph, M4)
    assert not layer.supported
    assert "SIN" in layer.fault
    (layer,) = analyse(read_bytes(unsupported_model(), "m").graph, load_target("phone-a76"))
    assert layer.supported


def test_zeros_are_named_and_explained() -> None:
    graph = read_bytes(small_model(), "m").graph
    weights = graph.required(graph.nodes[2], 1)
    sparse = weights.constant().copy()
    sparse[:, :, :, ::2] = 0
    tensors = tuple(
        type(t)(t.name, t.shape, t.dtype, t.quantization, sparse) if t is weights else t for t in graph.tensors
    )
    pruned = type(graph)(graph.name, tensors, graph.nodes, graph.inputs, graph.outputs)
    layer = analyse(pruned, M4)[2]
    assert layer.sparsity >= 0.5
    assert "zeros" in layer.sparsity_note
    assert analyse(pruned, load_target("phone-a76"))[2].sparsity_note.startswith("XNNPACK has no sparse kernels")
