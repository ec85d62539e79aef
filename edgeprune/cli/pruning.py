"""`prune` and `methods`: make a model smaller, and what ways there are."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeprune.cli.console import progress, show, show_json, show_table
from edgeprune.cli.options import Custom, Json, run_custom
from edgeprune.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from edgeprune.prune import Pattern, PruneReport

EXAMPLES = {
    "prune": "Example: edgeprune prune model.keras --data data.npz --method channel --macs-ratio 2.5 --out small.keras",
    "methods": "Example: edgeprune methods channel",
}

#: Those of `cli.tflite_prune`, which work on what cannot be retrained.
TFLITE_METHODS = {
    "lossless": "remove channels that no output depends on: the same outputs for every input",
    "calibrated": "remove also channels that others can stand in for, judged on data",
}


def prune(
    model: Annotated[Path, typer.Argument(help=".keras, .h5 or SavedModel of a trained classifier, or .tflite.")],
    out: Annotated[Path, typer.Option("--out", help="The .keras or .h5 file to write; for a .tflite another .tflite.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="x_train, y_train, x_test, y_test in one .npz; --method lossless needs none."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="Pruning pattern, see `edgeprune methods`; A+B: B after A. A .tflite takes lossless or calibrated.",
        ),
    ] = "channel",
    macs_ratio: Annotated[
        float | None, typer.Option("--macs-ratio", help="channel: times fewer multiply-accumulates.")
    ] = None,
    fraction: Annotated[
        float | None, typer.Option("--fraction", help="channel: share of every layer's channels to remove, 0 to 1.")
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", help="channel: limits such as cycles/3, sram=32KiB, flash=100KB, parameters/4."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="channel: profile that cycles and SIMD width come from.")
    ] = None,
    sparsity: Annotated[
        float | None, typer.Option("--sparsity", help="unstructured, block, lottery: share of zeros, 0 to 1.")
    ] = None,
    pattern: Annotated[str | None, typer.Option("--pattern", help="Such as 2:4 (of n:m) or 1x4 (of block).")] = None,
    clusters: Annotated[int | None, typer.Option("--clusters", help="cluster: different values per kernel.")] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            help="A layer's own share or pattern, or skip; names may have *.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any setting of the method: training.recovery_epochs=20.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    keras: Annotated[
        int | None, typer.Option("--keras", help="2 or 3: what is to read --out; by default what wrote the model.")
    ] = None,
    custom: Custom = None,
    json_: Json = False,
) -> None:
    """Prune and fine-tune a Keras model, or shrink a .tflite without training.

    Repeat the command to continue after an interruption.
    """
    named = {
        "macs_ratio": macs_ratio, "fraction": fraction, "budget": budget, "target": target, "sparsity": sparsity,
        "pattern": pattern, "clusters": clusters, "layers": _layers(layer) if layer else None,
    }  # fmt: skip
    given = {**{name: value for name, value in named.items() if value is not None}, **_nested(settings or [])}
    if model.suffix == ".tflite":
        from edgeprune.cli.tflite_prune import prune_tflite

        prune_tflite(model, data, out, method, given, json_)
        return
    if out.suffix not in {".keras", ".h5"}:
        raise UserError(f"--out {out} must end in .keras or .h5")
    if data is None:
        raise UserError("--data is missing; give an .npz with x_train, y_train, x_test and y_test")
    import shutil

    from edgeprune import models
    from edgeprune.prune import run_steps, steps_of
    from edgeprune.resources import checkpoints_folder

    steps = steps_of(method, given, "the options")
    if keras not in {None, 2, 3}:
        raise UserError(f"--keras {keras} is not possible; give 2 or 3")
    run_custom(custom)
    dataset = models.load_dataset(data)  # before the model, which takes seconds
    source = models.load(model)
    checkpoints = checkpoints_folder(out)
    with progress() as bars:
        result = run_steps(source, dataset, steps, checkpoints, bars)
    models.save(result.model, out, keras)
    shutil.rmtree(checkpoints, ignore_errors=True)
    before, after = models.evaluate(source, dataset), models.evaluate(result.model, dataset)
    if json_:
        show_json(
            {"method": result.method, "accuracy_before": before, "accuracy_after": after, **asdict(result.report)}
        )
        return
    _show(result.report, before, after)
    show(f"wrote {out}; next: edgeprune convert {out} --data {data} --out {out.with_suffix('.tflite')}")


def _show(account: PruneReport, before: float, after: float) -> None:
    show_table(
        ("", "before", "after"),
        [
            ("accuracy", f"{100 * before:.2f} %", f"{100 * after:.2f} %"),
            ("multiply-accumulates", f"{account.macs_before:,}", f"{account.macs_after:,}"),
            ("parameters", f"{account.parameters_before:,}", f"{account.parameters_after:,}"),
            ("zeros among the kernels", "", f"{100 * account.zeros:.1f} %"),
        ],
    )
    for group in account.groups:
        reason = f" ({'; '.join(group.kept_because)})" if group.kept_because else ""
        show(f"{group.name}: {group.before} -> {group.after} channels{reason}")
    if account.kernels:
        rows = [(k.layer, k.pattern, f"{100 * k.zeros:.1f} %", f"{k.values:,}") for k in account.kernels]
        show_table(("kernel of", "pattern", "zeros", "values"), rows, text_columns=2)


def _layers(pairs: list[str]) -> dict[str, Any]:
    """`conv1*=0.5` as {"conv1*": 0.5}."""
    return dict(_pair("--layer", pair) for pair in pairs)


def _pair(option: str, text: str) -> tuple[str, Any]:
    """Name and value; a value that is no TOML is text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError(f"{option} {text} is no setting; write NAME=VALUE")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value


def _nested(pairs: list[str]) -> dict[str, Any]:
    """`a.b=1` as {"a": {"b": 1}}; names are TOML keys."""
    tables: dict[str, Any] = {}
    for pair in pairs:
        name, read = _pair("--set", pair)
        try:
            keys = tomllib.loads(f"{name} = 0")
        except tomllib.TOMLDecodeError:
            raise UserError(
                f"--set {pair}: {name} is no name; quote parts with signs, as in '\"n:m\".pattern'"
            ) from None
        _put(tables, keys, read)
    return tables


def _put(tables: dict[str, Any], keys: dict[str, Any], value: object) -> None:
    """Set the one place that `keys` leads to, making tables on the way."""
    ((key, inner),) = keys.items()
    if isinstance(inner, dict):
        table = tables.setdefault(key, {})
        if not isinstance(table, dict):
            raise UserError(f"--set gives {key} a value and settings of its own; give one of them")
        _put(table, inner, value)
    else:
        tables[key] = value


def methods(
    method: Annotated[str | None, typer.Argument(help="Show this method's settings.")] = None,
    json_: Json = False,
) -> None:
    """List the pruning patterns, or all settings of one with their defaults."""
    from edgeprune.prune import patterns

    known = patterns()
    if method is not None and method not in known:
        raise UserError(f"there is no method {method!r}; choose one of {', '.join(known)}")
    shown = [known[method]] if method else list(known.values())
    if json_:
        show_json([{"name": p.name, "summary": p.summary, "settings": dict(_settings(p.settings))} for p in shown])
    elif method is None:
        rows = [(p.name, p.summary) for p in shown]
        rows += [(f"{name} (.tflite)", summary) for name, summary in TFLITE_METHODS.items()]
        show_table(("method", "what it does"), rows, text_columns=2)
    else:
        _show_method(known[method])


def _show_method(pattern: Pattern) -> None:
    import inspect

    show(f"{pattern.name}: {pattern.summary}\n")
    show(inspect.getdoc(pattern.settings) or "")
    show("")
    rows = [(name, str(value)) for name, value in _settings(pattern.settings)]
    show_table(("setting", "default"), rows, text_columns=2)


def _settings(settings: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and defaults as `--set` takes them, nested ones with points."""
    for field in dataclasses.fields(settings):
        value = getattr(settings(), field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield from _settings(type(value), f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value.value if isinstance(value, enum.Enum) else value


COMMANDS = (prune, methods)
