"""Operators that only put elements in another place, over every type that they move."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeprune.ops import operators
from support.operator_cases import draw
from support.operator_cases.draw import Random
from support.tflite_model import TYPES, ModelBuilder

#: A case for one type of the elements.
TypedCase = Callable[[ModelBuilder, Random, str], None]


def quantization(random: Random, dtype: str) -> dict[str, float]:
    """Scale and zero point as the type has them."""
    if dtype == "int8":
        return {"scale": draw.scale(random), "zero_point": draw.zero_point(random)}
    if dtype == "uint8":
        return {"scale": draw.scale(random), "zero_point": int(random.integers(0, 256))}
    return {"scale": draw.scale(random), "zero_point": 0} if dtype == "int16" else {}


def extents(random: Random, low: int, high: int, largest: int = 6) -> tuple[int, ...]:
    """A shape of `low` to `high` dimensions."""
    return tuple(int(v) for v in random.integers(1, largest + 1, int(random.integers(low, high + 1))))


def integers(model: ModelBuilder, values: object) -> int:
    """A constant int32 table."""
    table = np.array(values, np.int32)
    return model.tensor(table.shape, "int32", data=table)


def _axis(random: Random, rank: int) -> tuple[int, int]:
    """An axis counted from the front, and as the file may say it."""
    axis = int(random.integers(0, rank))
    return axis, axis - rank if random.random() < 0.4 else axis


def _one_to_one(
    model: ModelBuilder, random: Random, dtype: str, name: str, shape: tuple[int, ...], result: tuple[int, ...],
    tables: tuple[object, ...], options: object,
) -> None:  # fmt: skip
    scales = quantization(random, dtype)
    source = model.input(shape, dtype, **scales)
    output = model.tensor(result, dtype, **scales)
    model.operator(name, (source, *(integers(model, table) for table in tables)), (output,), options)
    model.output(output)


def transpose(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 5, 5)
    if random.random() < 0.3:
        shape = (int(random.integers(1, 20)), int(random.integers(1, 40)))
    order = random.permutation(len(shape))
    result = tuple(shape[i] for i in order)
    _one_to_one(model, random, dtype, "TRANSPOSE", shape, result, (order,), schema.TransposeOptionsT())


def slice_(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 4, 9)
    begin = [int(random.integers(0, extent)) for extent in shape]
    size = [int(random.integers(1, extent - start + 1)) for extent, start in zip(shape, begin, strict=True)]
    said = [-1 if start + n == extent else n for start, n, extent in zip(begin, size, shape, strict=True)]
    _one_to_one(model, random, dtype, "SLICE", shape, tuple(size), (begin, said), schema.SliceOptionsT())


def strided_slice(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 4, 9)
    options = schema.StridedSliceOptionsT()
    masks = dict.fromkeys(("begin", "end", "shrink", "newAxis", "ellipsis"), 0)
    rows, index, bit, dimension = [], [], 1, 0
    while dimension < len(shape) and not (rows and random.random() < 0.08):  # what is not named is taken whole
        extent, kind = shape[dimension], random.random()
        if kind < 0.06 and len(shape) + index.count(None) < 5:  # the reference has five dimensions
            masks["newAxis"] |= bit
            rows.append((0, 1, 1))
            index.append(None)
        elif kind < 0.12 and not masks["ellipsis"]:
            masks["ellipsis"] |= bit
            rows.append((0, 0, 1))
            index.append(...)
            dimension += int(random.integers(1, len(shape) - dimension + 1))
        elif kind < 0.3:
            at = int(random.integers(-extent, extent))
            masks["shrink"] |= bit
            rows.append((at, at + 1, 1))
            index.append(at)
            dimension += 1
        else:
            rows.append(_range(random, extent, bit, masks))
            begin, end, stride = rows[-1]
            start, stop = None if masks["begin"] & bit else begin, None if masks["end"] & bit else end
            index.append(slice(start, stop, stride))
            dimension += 1
        bit <<= 1
    result = np.zeros(shape)[tuple(index)].shape
    for name, mask in masks.items():
        setattr(options, f"{name}AxisMask" if name == "shrink" else f"{name}Mask", mask)
    options.offset = False
    tables = tuple(zip(*rows, strict=True))
    _one_to_one(model, random, dtype, "STRIDED_SLICE", shape, result, tables, options)


def _range(random: Random, extent: int, bit: int, masks: dict[str, int]) -> tuple[int, int, int]:
    """Begin, end and stride of a range that is not empty, perhaps with masks and from behind."""
    first, last = sorted(int(v) for v in random.integers(0, extent, 2))
    stride = int(random.integers(1, 4))
    begin, end = first, last + 1
    if random.random() < 0.3:
        stride, begin, end = -stride, last, first - 1
    if end == -1 or random.random() < 0.2:
        masks["end"] |= bit
        end = int(random.integers(-3, 4))
    elif random.random() < 0.3:
        end = end - extent if end < extent else end + 2
    if random.random() < 0.2:
        masks["begin"] |= bit
        return int(random.integers(-3, 4)), end, stride
    return begin - extent if random.random() < 0.3 else begin, end, stride


def space_to_depth(model: ModelBuilder, random: Random, dtype: str) -> None:
    block = int(random.integers(1, 4))
    batch, rows, columns, depth = extents(random, 4, 4, 4)
    options = schema.SpaceToDepthOptionsT()
    options.blockSize = block
    shape, result = (batch, rows * block, columns * block, depth), (batch, rows, columns, depth * block**2)
    _one_to_one(model, random, dtype, "SPACE_TO_DEPTH", shape, result, (), options)


def depth_to_space(model: ModelBuilder, random: Random, dtype: str) -> None:
    block = int(random.integers(1, 4))
    batch, rows, columns, depth = extents(random, 4, 4, 4)
    options = schema.DepthToSpaceOptionsT()
    options.blockSize = block
    shape, result = (batch, rows, columns, depth * block**2), (batch, rows * block, columns * block, depth)
    _one_to_one(model, random, dtype, "DEPTH_TO_SPACE", shape, result, (), options)


def reverse(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 4)
    first = int(random.integers(0, len(shape)))
    axes = list(range(first, int(random.integers(first, len(shape))) + 1))  # the reference wants neighbours
    _one_to_one(model, random, dtype, "REVERSE_V2", shape, shape, (axes,), schema.ReverseV2OptionsT())


def broadcast_to(model: ModelBuilder, random: Random, dtype: str) -> None:
    result = extents(random, 1, 5, 5)
    shape = tuple(1 if random.random() < 0.5 else extent for extent in result)
    shape = shape[int(random.integers(0, len(shape))) :]
    _one_to_one(model, random, dtype, "BROADCAST_TO", shape, result, (result,), schema.BroadcastToOptionsT())


def fill(model: ModelBuilder, random: Random, dtype: str) -> None:
    result, scales = extents(random, 1, 4), quantization(random, dtype)
    value = model.input((), dtype, **scales)
    output = model.tensor(result, dtype, **scales)
    model.operator("FILL", (integers(model, result), value), (output,), schema.FillOptionsT())
    model.output(output)


def concatenation(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 4), quantization(random, dtype)
    axis, said = _axis(random, len(shape))
    sizes = [int(random.choice([1, 2, 3, 4, 5, 8, 33])) for _ in range(int(random.integers(1, 6)))]
    inputs = []
    for size in sizes:
        part = (*shape[:axis], size, *shape[axis + 1 :])
        if random.random() < 0.2:
            data = random.integers(0, 100, part).astype(dtype)
            inputs.append(model.tensor(part, dtype, data=data, **scales))
        else:
            inputs.append(model.input(part, dtype, **scales))
    options = schema.ConcatenationOptionsT()
    options.axis, options.fusedActivationFunction = said, 0
    output = model.tensor((*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype, **scales)
    # Where all are constant the result is folded, and an output of the model must be computed.
    inputs[0] = model.input((*shape[:axis], sizes[0], *shape[axis + 1 :]), dtype, **scales)
    model.operator("CONCATENATION", inputs, (output,), options)
    model.output(output)


def pack(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 0, 3), quantization(random, dtype)
    axis, said = _axis(random, len(shape) + 1)
    inputs = [model.input(shape, dtype, **scales) for _ in range(int(random.integers(1, 5)))]
    options = schema.PackOptionsT()
    options.axis, options.valuesCount = said, len(inputs)
    output = model.tensor((*shape[:axis], len(inputs), *shape[axis:]), dtype, **scales)
    model.operator("PACK", inputs, (output,), options)
    model.output(output)


def unpack(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 4, 5), quantization(random, dtype)
    axis, said = _axis(random, len(shape))
    options = schema.UnpackOptionsT()
    options.axis, options.num = said, shape[axis]
    source = model.input(shape, dtype, **scales)
    parts = [model.tensor((*shape[:axis], *shape[axis + 1 :]), dtype, **scales) for _ in range(shape[axis])]
    model.operator("UNPACK", (source,), parts, options)
    for part in parts:
        model.output(part)


def split(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 4, 5), quantization(random, dtype)
    axis, said = _axis(random, len(shape))
    count = int(random.integers(1, 5))
    options = schema.SplitOptionsT()
    options.numSplits = count
    source = model.input((*shape[:axis], shape[axis] * count, *shape[axis + 1 :]), dtype, **scales)
    parts = [model.tensor(shape, dtype, **scales) for _ in range(count)]
    model.operator("SPLIT", (integers(model, said), source), parts, options)
    for part in parts:
        model.output(part)


def split_v(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 4, 5), quantization(random, dtype)
    axis, said = _axis(random, len(shape))
    sizes = [int(v) for v in random.integers(1, 6, int(random.integers(1, 5)))]
    tables = list(sizes)
    if random.random() < 0.4:
        tables[int(random.integers(0, len(sizes)))] = -1
    options = schema.SplitVOptionsT()
    options.numSplits = len(sizes)
    source = model.input((*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype, **scales)
    parts = [model.tensor((*shape[:axis], size, *shape[axis + 1 :]), dtype, **scales) for size in sizes]
    model.operator("SPLIT_V", (source, integers(model, tables), integers(model, said)), parts, options)
    for part in parts:
        model.output(part)


def pad(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 5)
    paddings = random.integers(0, 4, (len(shape), 2))
    paddings[random.random(len(shape)) < 0.4] = 0
    result = tuple(extent + int(sum(pads)) for extent, pads in zip(shape, paddings, strict=True))
    _one_to_one(model, random, dtype, "PAD", shape, result, (paddings,), schema.PadOptionsT())


def pad_v2(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 5), quantization(random, dtype)
    paddings = random.integers(0, 4, (len(shape), 2))
    paddings[random.random(len(shape)) < 0.4] = 0
    result = tuple(extent + int(sum(pads)) for extent, pads in zip(shape, paddings, strict=True))
    source = model.input(shape, dtype, **scales)
    value = model.tensor((), dtype, data=random.integers(0, 127, ()).astype(dtype), **scales)
    output = model.tensor(result, dtype, **scales)
    model.operator("PADV2", (source, integers(model, paddings), value), (output,), schema.PadV2OptionsT())
    model.output(output)


def mirror_pad(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 4)
    options = schema.MirrorPadOptionsT()
    options.mode = int(random.integers(0, 2))  # REFLECT, SYMMETRIC
    edge = 1 - options.mode
    paddings = [[int(v) for v in random.integers(0, extent - edge + 1, 2)] for extent in shape]
    paddings = [pads if random.random() < 0.7 else [0, 0] for pads in paddings]
    result = tuple(extent + sum(pads) for extent, pads in zip(shape, paddings, strict=True))
    _one_to_one(model, random, dtype, "MIRROR_PAD", shape, result, (paddings,), options)


def gather(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape, scales = extents(random, 1, 4), quantization(random, dtype)
    axis, said = _axis(random, len(shape))
    batches = int(random.integers(0, axis + 1)) if random.random() < 0.3 else 0
    chosen = (*shape[:batches], *extents(random, 0 if batches == 0 else 1, 2, 4))
    options = schema.GatherOptionsT()
    options.axis, options.batchDims = said, batches
    source, wide = model.input(shape, dtype, **scales), "int64" if random.random() < 0.3 else "int32"
    if random.random() < 0.5:
        indices = model.tensor(chosen, wide, data=random.integers(0, shape[axis], chosen).astype(wide))
    else:
        indices = _computed_indices(model, random, chosen, wide, shape[axis])
    result = (*shape[:axis], *chosen[batches:], *shape[axis + 1 :])
    output = model.tensor(result, dtype, **scales)
    model.operator("GATHER", (source, indices), (output,), options)
    model.output(output)


def _computed_indices(model: ModelBuilder, random: Random, shape: tuple[int, ...], dtype: str, extent: int) -> int:
    """Indices within the extent that depend on an input: of false and true, two constants are chosen."""
    choice = model.input(shape, "bool")
    numbers = model.tensor(shape, dtype)
    model.operator("CAST", (choice,), (numbers,), _cast_options("bool", dtype))
    table = model.tensor((2,), dtype, data=random.integers(0, extent, 2).astype(dtype))
    indices = model.tensor(shape, dtype)
    options = schema.GatherOptionsT()
    options.axis = options.batchDims = 0
    model.operator("GATHER", (table, numbers), (indices,), options)
    return indices


def _resize(model: ModelBuilder, random: Random, dtype: str, name: str, options: object) -> None:
    batch, depth = int(random.integers(1, 3)), int(random.choice([1, 2, 3, 4, 8, 30]))
    shape = (batch, *(int(v) for v in random.integers(1, 9, 2)), depth)
    size = [int(v) for v in random.integers(1, 17, 2)]
    if random.random() < 0.3:
        size = [2 * shape[1], 2 * shape[2]]
    way = random.random()
    options.alignCorners, options.halfPixelCenters = way < 0.3, way > 0.6
    _one_to_one(model, random, dtype, name, shape, (batch, *size, depth), (size,), options)


def resize_bilinear(model: ModelBuilder, random: Random, dtype: str) -> None:
    _resize(model, random, dtype, "RESIZE_BILINEAR", schema.ResizeBilinearOptionsT())


def resize_nearest_neighbor(model: ModelBuilder, random: Random, dtype: str) -> None:
    _resize(model, random, dtype, "RESIZE_NEAREST_NEIGHBOR", schema.ResizeNearestNeighborOptionsT())


def _cast_options(source: str, output: str) -> schema.CastOptionsT:
    options = schema.CastOptionsT()
    options.inDataType, options.outDataType = TYPES[source], TYPES[output]
    return options


def cast(model: ModelBuilder, random: Random, dtype: str) -> None:
    shape = extents(random, 1, 3)
    # From float to uint8 the reference defines nothing for the negative half of the inputs.
    others = ["bool", "float32", "int8", "int16", "int32", "int64"] + ["uint8"] * (dtype != "float32")
    wanted = str(random.choice(others))
    source, output = model.input(shape, dtype), model.tensor(shape, wanted)
    model.operator("CAST", (source,), (output,), _cast_options(dtype, wanted))
    model.output(output)


_TYPED: dict[str, TypedCase] = {
    "BROADCAST_TO": broadcast_to,
    "CAST": cast,
    "CONCATENATION": concatenation,
    "DEPTH_TO_SPACE": depth_to_space,
    "FILL": fill,
    "GATHER": gather,
    "MIRROR_PAD": mirror_pad,
    "PACK": pack,
    "PAD": pad,
    "PADV2": pad_v2,
    "RESIZE_BILINEAR": resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor,
    "REVERSE_V2": reverse,
    "SLICE": slice_,
    "SPACE_TO_DEPTH": space_to_depth,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}


def typed_cases(cases: dict[str, TypedCase]) -> dict[str, Callable[[ModelBuilder, Random], None]]:
    """Two entries of `CASES` per operator: int8, and all other types that its kernels take together."""

    def of_types(case: TypedCase, types: list[str]) -> Callable[[ModelBuilder, Random], None]:
        return lambda model, random: case(model, random, str(random.choice(types)))

    found = {}
    for name, case in cases.items():
        others = [dtype for dtype in operators()[name].types if dtype != "int8"]
        found[name] = of_types(case, ["int8"])
        if others:
            found[" ".join([name, *others])] = of_types(case, others)
    return found


CASES = typed_cases(_TYPED)
