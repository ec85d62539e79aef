"""The answer in words: is the pruned model faster on this device, by how much, and why not more?"""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.measure.values import RunResult
from edgeprune.report.values import DeviceResult, Report, VariantResult

#: Below this ratio a user would not notice, and measurement noise could explain it.
_NOTICEABLE = 1.05
#: Latency that follows the multiply-accumulates this closely needs no explanation.
_PROPORTIONAL = 0.95


@dataclass(frozen=True)
class Verdict:
    """One variant against the dense model on one target and runtime.

    Attributes:
        variant, target, runtime: What is compared.
        latency_ratio: Dense latency divided by the variant's; above 1 is faster.  Of
            instructions where the device's time is not known.
        macs_ratio: The same for multiply-accumulates.
        faster: Whether the difference is worth speaking of.
        text: The answer in words.
    """

    variant: str
    target: str
    runtime: str
    latency_ratio: float
    macs_ratio: float
    faster: bool
    text: str


def verdicts(report: Report) -> tuple[Verdict, ...]:
    """Every pruned variant on every target where both it and the dense model ran."""
    found = []
    for variant in report.pruned:
        for device in variant.devices:
            dense = report.dense.device(device.target)
            for run in device.runs:
                before = next((r for r in dense.runs if r.runtime == run.runtime), None)
                if before is not None:
                    found.append(_verdict(report.dense, variant, device, before, run))
    return tuple(found)


def _verdict(
    dense: VariantResult, variant: VariantResult, device: DeviceResult, before: RunResult, after: RunResult
) -> Verdict:
    latency = before.cost.value / after.cost.value
    macs = dense.macs / variant.macs
    faster = latency >= _NOTICEABLE
    unit = after.cost.unit
    times = f"{before.cost.value:.3g} {unit} to {after.cost.value:.3g} {unit} ({after.cost.origin.value})"
    if after.latency is None:
        lead = f"Not known: {device.target} counts instructions, not time, {times}: {latency:.2f}x fewer"
    elif faster:
        lead = f"Yes: on {device.target} {variant.name} is {latency:.2f}x as fast as the dense model, {times}"
    else:
        lead = f"No: on {device.target} {variant.name} is not faster than the dense model, {times}"
    text = f"{lead}, with {macs:.2f}x fewer multiply-accumulates{_accuracy(variant)}."
    text += _explanation(dense, variant, before, after, latency, macs)
    return Verdict(variant.name, device.target, after.runtime, latency, macs, faster, text)


def _accuracy(variant: VariantResult) -> str:
    change = variant.change
    if change is None:
        return ""
    sure = "" if change.p_value < 0.05 else ", a difference that chance explains"
    return f" and {change.points:+.2f} points of accuracy (95 % interval {change.low:+.2f} to {change.high:+.2f}{sure})"


def _explanation(
    dense: VariantResult, variant: VariantResult, before: RunResult, after: RunResult, latency: float, macs: float
) -> str:
    """Why the latency did not fall as far as the multiply-accumulates did."""
    if macs < _NOTICEABLE and latency < _NOTICEABLE:
        return (
            " The zeros stay in place: this runtime multiplies by them like by any other weight, "
            "so only removing whole channels can save time."
        )
    if latency >= _PROPORTIONAL * macs:
        return ""
    if before.cycles and after.cycles and len(before.layers) == len(after.layers):
        return _layer_explanation(dense, variant, before, after)
    return (
        " Latency fell less than the multiply-accumulates did: the fixed cost of an inference and of "
        "moving activations stays, and weighs more in a smaller model."
    )


def _layer_explanation(dense: VariantResult, variant: VariantResult, before: RunResult, after: RunResult) -> str:
    """Name the layers that hold the most cycles beyond their share of the multiply-accumulates."""
    ideal = dense.macs / variant.macs
    excess = sorted(
        ((b.cost.value / ideal, a.cost.value, a.name) for b, a in zip(before.layers, after.layers, strict=True)),
        key=lambda item: item[0] - item[1],
    )
    total = sum(now - wanted for wanted, now, _ in excess if now > wanted)
    named = [f"{name} ({100 * (now - wanted) / total:.0f} %)" for wanted, now, name in excess[:3] if now > wanted]
    per_mac = [run.cycles.value / v.macs for run, v in ((before, dense), (after, variant)) if run.cycles]
    return (
        f" Latency fell less than the multiply-accumulates did: narrower layers take {per_mac[1]:.2f} cycles per "
        f"multiply-accumulate instead of {per_mac[0]:.2f}; most of the difference is in {', '.join(named)}."
    )
