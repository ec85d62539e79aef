"""Every Neon kernel, on emulated cores with and without dot products, equals TFLite's reference kernels bit by bit.

One build serves all operators and both cores: programs look for dot products when they start.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeprune import ops
from edgeprune.build import NativeProgram
from edgeprune.targets import Extension
from support import arm64
from support.operator_cases import CASES, bundle_of, draw
from support.reference import random_inputs, reference_outputs, tolerance
from support.tflite_model import PADDINGS, ModelBuilder

#: Random uses of each operator; raise it for a longer soak.
COUNT = int(os.environ.get("EDGEPRUNE_OPERATOR_CASES", "24"))
LABELS = frozenset(k.label for op in ops.operators().values() for k in op.kernels if Extension.NEON in k.needs)
#: Each runs what the other runs too.
_ALIKE = ("ep_add_s8_neon", "ep_add_steps_s8_neon")
#: With shifts to the right only, and to both sides; powers of two make ties.
_MULTIPLIERS = (
    (0.25, 0.125, 0.0625, 0.3, 0.49, 0.01, 0.2, 0.33) * 2,
    (0.25, 0.5, 1.0, 2.0, 0.75, 1.3, 0.03, 0.51) * 2,
)
_PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
KEYS = sorted(
    key
    for key in CASES
    if len(key.split()) == 1 and any(k.label in LABELS for k in ops.operators()[key].kernels)
)  # fmt: skip


def _seeds(key: str) -> list[int]:
    return [int(s) for s in np.random.SeedSequence(list(key.encode())).generate_state(COUNT)]


def _lowest(model: ModelBuilder, random: np.random.Generator, shape: tuple[int, ...], axis: int, per_channel: bool):
    """What `draw.weights` makes, with nothing but -128: two products of such weights can take more than 16 bits."""
    scales = np.full(shape[axis] if per_channel else 1, 0.01, np.float32)
    return model.tensor(shape, "int8", scales, 0, axis, np.full(shape, -128, np.int8)), scales


def _rounded(model: ModelBuilder, multipliers: tuple[float, ...], op: str) -> None:
    """Outputs are inputs times a multiplier per channel: small sums, so that no rounding hides behind saturation."""
    depthwise, channels = op == "DEPTHWISE_CONV_2D", len(multipliers)
    options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
    options.strideH = options.strideW = options.dilationHFactor = options.dilationWFactor = 1
    options.padding = PADDINGS["SAME"]
    depth, shape = (channels, (1, 3, 3, channels)) if depthwise else (1, (channels, 1, 1, 1))
    values = np.zeros(shape, np.int8)
    values[(0, 1, 1) if depthwise else ...] = 1
    source = model.input((1, 11, 9, depth), scale=0.5, zero_point=0)
    scales = np.array(multipliers, np.float32)
    weights = model.tensor(shape, "int8", scales, 0, 3 if depthwise else 0, values)
    bias = model.tensor((channels,), "int32", 0.5 * scales, 0, 0, np.zeros(channels, np.int32))
    result = model.tensor((1, 11, 9, channels), scale=0.5, zero_point=-1)
    model.operator(op, (source, weights, bias), (result,), options)
    model.output(result)


def _others() -> tuple[bytes, list[str]]:
    """Products of the lowest weights, sums, and every kind of rounding, with ties."""
    model, owners = ModelBuilder(), []
    for key in ("ADD", "SUB", *_PRODUCTS):
        for seed in _seeds(key):
            CASES[key](model, np.random.default_rng(seed))
            owners += [f"{key}, seed {seed}"] * (len(model.graph.outputs) - len(owners))
    for op in _PRODUCTS[:2]:
        for multipliers in _MULTIPLIERS:
            _rounded(model, multipliers, op)
            owners.append(f"{op} times {multipliers}")
    return model.build(), owners


@dataclass(frozen=True)
class Cases:
    """A model with many operators, the case of each output, and its program."""

    content: bytes
    owners: list[str]
    program: NativeProgram


@pytest.fixture(scope="module", params=["usual", "others"])
def cases(request: pytest.FixtureRequest, tmp_path_factory) -> Cases:
    """Random cases of all kernels; then what those leave out."""
    arm64.need_qemu()
    folder, usual = tmp_path_factory.mktemp(request.param), request.param == "usual"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "weights", draw.weights if usual else _lowest)
        content, owners = bundle_of([(key, _seeds(key)) for key in KEYS]) if usual else _others()
    return Cases(content, owners, arm64.built(content, folder, LABELS - {_ALIKE[usual]}))


def test_every_neon_kernel_runs(cases: Cases) -> None:
    ran = {layer.kernel.label for layer in cases.program.layers if layer.kernel}
    products = {f"ep_{key.lower()}_s8_neon" for key in _PRODUCTS}
    assert ran >= LABELS - {_ALIKE[1]} or LABELS & ran == products | {_ALIKE[1]}


@pytest.mark.parametrize("core", arm64.CORES)
def test_exact_on_the_emulated_core(core: str, cases: Cases) -> None:
    inputs = random_inputs(cases.content, 4)
    inputs += [[np.full_like(array, end) for array in inputs[0]] for end in (-128, 127)]
    expected = reference_outputs(cases.content, inputs)
    for row, wanted in zip(arm64.outputs_on(cases.program.path, core, inputs, expected), expected, strict=True):
        for owner, got, want in zip(cases.owners, row, wanted, strict=True):
            np.testing.assert_allclose(got, want, **tolerance(want.dtype), err_msg=owner)
