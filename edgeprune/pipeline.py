"""The whole job: from a recipe to a report and everything that can be deployed."""

from __future__ import annotations

import gzip
import platform
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import edgeprune
from edgeprune import models, ops, tflite
from edgeprune.build import Firmware, build_firmware
from edgeprune.compress import encode_tflite
from edgeprune.devices.transports import qemu
from edgeprune.measure import litert
from edgeprune.measure.accuracy import Accuracy, Flags, accuracy, accuracy_change, right_answers
from edgeprune.measure.board import run_on_board
from edgeprune.measure.machine import MachineRun, MachineSettings, measure_in_turns
from edgeprune.measure.session import example_inputs
from edgeprune.measure.validate import compare, reference_outputs
from edgeprune.measure.values import Measurement, RunResult
from edgeprune.models import Dataset, FloatModel
from edgeprune.progress import SILENT, Progress
from edgeprune.prune import PruneResult, Training, run_steps
from edgeprune.quantize import AwareTraining, convert, convert_aware
from edgeprune.recipe import Recipe
from edgeprune.report import DeviceResult, Report, VariantResult, write_report
from edgeprune.report.values import LayerRow
from edgeprune.resources import checkpoints_folder
from edgeprune.sparsify import deployable
from edgeprune.staging import staged_folder
from edgeprune.targets import HostTarget, McuTarget, PhoneTarget
from edgeprune.tflite import TfliteModel

#: A folder with this file may be replaced by a new run.
MARKER = "report.json"
_EMULATOR, _QEMU = "emulator", "qemu"


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A variant once it is quantized and built, before anything has run.

    Attributes:
        name, method: As in the report.
        model: The float model.
        pruned: What pruning did; None for the dense model.
        quantized: The .tflite file.
        firmware: What was built for each target, in the recipe's order.
        scheme: How it was quantized.
    """

    name: str
    method: str
    model: FloatModel
    pruned: PruneResult | None
    quantized: TfliteModel
    firmware: tuple[Firmware, ...]
    scheme: str


def run(recipe: Recipe, out: Path, progress: Progress = SILENT) -> Report:
    """Do what the recipe says and write report and artefacts to the folder `out`.

    The dense model goes the whole way to firmware before any training starts, so what
    cannot work fails in seconds (with quantization-aware training it learns first, so that
    the comparison is fair).  Training keeps checkpoints outside `out`: the same
    recipe continues where it was interrupted.

    Args:
        recipe: What to do.
        out: Appears whole at the end; an older report folder is replaced.
        progress: Receives every longer step.

    Raises:
        EdgepruneError: as the single steps do.
    """
    with staged_folder(out, MARKER) as stage:
        data = models.load_dataset(recipe.data)
        model = models.load(recipe.model)
        data.check_against(model.input_shape, model.classes)
        checkpoints = checkpoints_folder(recipe.source)
        work = _Work(recipe, model, data, checkpoints, stage, progress)
        candidates = [work.candidate("dense", None, Training())]
        for variant in recipe.variants:
            result = run_steps(model, data, variant.steps, checkpoints, progress)
            training = getattr(variant.steps[-1].settings, "training", Training())
            candidates.append(work.candidate(variant.name, result, training))
        report = _measure_all(candidates, data, recipe, progress)
        write_report(report, stage)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return report


@dataclass(frozen=True, eq=False)
class _Work:
    """What every candidate is made from: the recipe, the dense model, data, and folders."""

    recipe: Recipe
    dense: FloatModel
    data: Dataset
    checkpoints: Path
    stage: Path
    progress: Progress

    def candidate(self, name: str, pruned: PruneResult | None, training: Training) -> _Candidate:
        """Quantize one variant and build it for every target, below `stage/name`."""
        folder = self.stage / name
        saved = models.save(pruned.model if pruned else self.dense, folder / "model.keras")
        teacher = pruned.teacher if pruned and pruned.teacher else self.dense
        path = folder / "model.tflite"
        scheme = self._quantize(name, saved, teacher, path, training)
        quantized = tflite.read(path)
        title = f"{self.recipe.name}_{name}"
        firmware = []
        for target in self.recipe.targets:
            self.progress.start(f"build {name} for {target.name}", None)
            model, sparse = deployable(quantized, target)
            firmware.append(build_firmware(model, target, folder / target.name, title, sparse=sparse))
        self.progress.finish()
        return _Candidate(name, pruned.method if pruned else "none", saved, pruned, quantized, tuple(firmware), scheme)

    def _quantize(self, name: str, model: FloatModel, teacher: FloatModel, path: Path, training: Training) -> str:
        """Write the .tflite; returns how it was quantized, in words."""
        recipe, scheme = self.recipe, self.recipe.scheme
        self.progress.start(f"convert {name} to {scheme.value}", None)
        if not recipe.qat_epochs:
            convert(model, self.data, scheme, path, recipe.samples)
            return scheme.value
        aware = AwareTraining(recipe.qat_epochs, training=training)
        result = convert_aware(model, self.data, aware, path, self.checkpoints, self.progress, teacher, recipe.samples)
        return f"{scheme.value} ({result.note or f'trained for {recipe.qat_epochs} epochs with its rounding'})"


def _measure_all(candidates: list[_Candidate], data: Dataset, recipe: Recipe, progress: Progress) -> Report:
    results: list[VariantResult] = []
    dense_answers: Flags | None = None
    phones = _on_phones(candidates, data, recipe, progress)
    for number, candidate in enumerate(candidates):
        float_accuracy = _float_accuracy(candidate.model, data)
        right = right_answers(litert.scores(candidate.quantized, data.test_inputs(), progress), data)
        devices = tuple(
            _device(candidate, firmware, phone, data, recipe, progress)
            for firmware, phone in zip(candidate.firmware, phones[number], strict=True)
        )
        graph = candidate.quantized.graph
        results.append(
            VariantResult(
                name=candidate.name,
                method=candidate.method,
                parameters=int(candidate.model.model.count_params()),
                macs=sum(ops.layer_macs(graph, node) for node in graph.nodes),
                tflite_bytes=len(candidate.quantized.content),
                gzip_bytes=len(gzip.compress(candidate.quantized.content, 9, mtime=0)),
                epz_bytes=len(encode_tflite(candidate.quantized.content).content),
                float_accuracy=float_accuracy,
                accuracy=accuracy(right),
                change=None if dense_answers is None else accuracy_change(dense_answers, right),
                scheme=candidate.scheme,
                layers=_layers(candidate),
                groups=candidate.pruned.report.groups if candidate.pruned else (),
                devices=devices,
            )
        )
        dense_answers = right if dense_answers is None else dense_answers
    return Report(
        edgeprune=edgeprune.__version__,
        name=recipe.name,
        model=recipe.model.name,
        data=recipe.data.name,
        test_examples=len(data.y_test),
        host=host_name(),
        variants=tuple(results),
    )


def _float_accuracy(model: FloatModel, data: Dataset) -> Accuracy:
    return accuracy(right_answers(models.scores(model, data.test_inputs()), data))


def _layers(candidate: _Candidate) -> tuple[LayerRow, ...]:
    """Of the first microcontroller's plan, which names kernels, else of any target's."""
    manifests = [firmware.manifest for firmware in candidate.firmware]
    manifest = next((m for m in manifests if isinstance(m.target, McuTarget)), manifests[0])
    return tuple(LayerRow(e.name, e.kernel, e.macs, e.parameters, e.output_shape) for e in manifest.layers)


def _on_phones(
    candidates: list[_Candidate], data: Dataset, recipe: Recipe, progress: Progress
) -> list[tuple[MachineRun | None, ...]]:
    """What the phone did with each candidate's deployment for each target, all variants in turns; None for no phone."""
    columns: list[tuple[MachineRun | None, ...]] = []
    for number, target in enumerate(recipe.targets):
        built = [candidate.firmware[number] for candidate in candidates]
        if recipe.phone is None or not isinstance(target, PhoneTarget):
            columns.append((None,) * len(built))
            continue
        count = max(recipe.validate, 1)
        work = [(firmware, example_inputs(tflite.read(firmware.model), data, count)) for firmware in built]
        columns.append(measure_in_turns(work, recipe.phone, MachineSettings(recipe.runs, profile=False), progress))
    return list(zip(*columns, strict=True))


def _device(
    candidate: _Candidate, firmware: Firmware, phone: MachineRun | None, data: Dataset, recipe: Recipe,
    progress: Progress,
) -> DeviceResult:  # fmt: skip
    target = firmware.manifest.target
    kind, artefact = target.kind, f"{candidate.name}/{target.name}"
    result = DeviceResult(target.name, target.title, kind, artefact, runs=())
    if isinstance(target, McuTarget):
        return _on_board(result, firmware, target, data, recipe, progress)
    if isinstance(target, HostTarget):
        return replace(result, runs=_on_host(candidate, firmware, target, recipe, progress))
    if phone is not None:
        return _of_phone(result, firmware, phone, data, recipe, progress)
    note = f'not measured, since the recipe names no phone ([measure] phone = "adb:SERIAL"); deploy {artefact}/'
    return replace(result, note=note)


def _of_phone(
    result: DeviceResult, firmware: Firmware, phone: MachineRun, data: Dataset, recipe: Recipe, progress: Progress
) -> DeviceResult:
    """What a phone did, its outputs compared with the reference kernels' where they must equal them."""
    result = replace(result, runs=phone.results)
    if phone.exact_outputs is None or not recipe.validate:
        return result
    inputs = example_inputs(tflite.read(firmware.model), data, recipe.validate)
    validation = compare(phone.exact_outputs, reference_outputs(firmware.model.read_bytes(), inputs, progress))
    validation.require_exact(f"{firmware.manifest.name} on {result.target}")
    return replace(result, validation=validation)


def _on_board(
    result: DeviceResult, firmware: Firmware, target: McuTarget, data: Dataset, recipe: Recipe, progress: Progress
) -> DeviceResult:
    """Sizes of the image; and, where the board can be emulated, its figures and outputs."""
    image = firmware.manifest.image
    if image is not None:
        result = replace(
            result,
            flash=Measurement.counted(image.flash_bytes, "B", target.name),
            ram=Measurement.counted(image.ram_bytes, "B", target.name),
            arena=Measurement.counted(image.arena_bytes, "B", target.name),
        )
    via = _way_to(target)
    if via is None:
        note = f"not measured, since nothing emulates it here; flash {result.artefact}/firmware.hex and use measure"
        return replace(result, note=note)
    inputs = example_inputs(tflite.read(firmware.model), data, max(recipe.validate, 1))
    ran = run_on_board(firmware, via, inputs, recipe.runs, progress=progress)
    validation = None
    if recipe.validate:
        reference = reference_outputs(firmware.model.read_bytes(), inputs, progress)
        validation = compare(ran.outputs, reference)
        validation.require_exact(f"{firmware.manifest.name} on {target.name}")
    return replace(result, runs=(ran.result,), validation=validation)


def _way_to(target: McuTarget) -> str | None:
    """How a board's figures can be had without the board; None where they cannot."""
    if target.emulated:
        return _EMULATOR
    return _QEMU if target.qemu is not None and qemu.available() else None


def _on_host(
    candidate: _Candidate, firmware: Firmware, target: HostTarget, recipe: Recipe, progress: Progress
) -> tuple[RunResult, ...]:
    results = []
    for runtime in litert.runtimes():
        progress.start(f"{runtime} with {candidate.name} on this host", None)
        results.append(litert.benchmark(firmware.model, runtime, target.threads, recipe.runs))
    progress.finish()
    return tuple(results)


def host_name() -> str:
    """What this machine's CPU calls itself."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
