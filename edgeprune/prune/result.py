"""What pruning hands on: the pruned model and an account of what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeprune.models.loader import FloatModel


@dataclass(frozen=True)
class GroupReport:
    """One dependency group before and after.

    Attributes:
        name: Its producing layers.
        before, after: Number of channels.
        kept_because: Why none could be removed; empty where removal was allowed.
    """

    name: str
    before: int
    after: int
    kept_because: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerReport:
    """Output channels and multiply-accumulates of one layer before and after."""

    name: str
    channels_before: int
    channels_after: int
    macs_before: int
    macs_after: int


@dataclass(frozen=True)
class KernelReport:
    """One kernel that a pattern of single weights was applied to.

    Attributes:
        layer: Its layer.
        pattern: Such as `2:4`, `1x4` or `32 values`.
        zeros: Share of the weights that are zero as the pattern wants it, 0 to 1.
        values: How many different values it has.
    """

    layer: str
    pattern: str
    zeros: float
    values: int


@dataclass(frozen=True)
class PruneReport:
    """Account of one pruning.

    Attributes:
        groups: Dependency groups, kept ones included; empty for patterns that remove no channels.
        layers: Layers with multiply-accumulates.
        parameters_before, parameters_after: Values of all weights.
        macs_before, macs_after: Multiply-accumulates of one inference; zeros that stay in place count.
        zeros: Share of zeros among the kernels' weights, 0 to 1.
        difference: Largest output difference between masked and shrunk model, relative; what the
            verification found.
        kernels: What patterns of single weights were applied to; other kernels are as dense as before.
    """

    groups: tuple[GroupReport, ...]
    layers: tuple[LayerReport, ...]
    parameters_before: int
    parameters_after: int
    macs_before: int
    macs_after: int
    zeros: float
    difference: float
    kernels: tuple[KernelReport, ...] = ()

    @property
    def macs_ratio(self) -> float:
        """How many times fewer multiply-accumulates the pruned model has."""
        return self.macs_before / max(self.macs_after, 1)

    @property
    def removed(self) -> tuple[GroupReport, ...]:
        """Groups that lost channels."""
        return tuple(group for group in self.groups if group.after < group.before)

    @property
    def kept(self) -> tuple[GroupReport, ...]:
        """Groups that had to stay, with the reason."""
        return tuple(group for group in self.groups if group.kept_because)


@dataclass(frozen=True, eq=False)
class PruneResult:
    """A pruned model.

    Attributes:
        model: The pruned and fine-tuned float model.
        method: Name of the pattern (`channel`, ...).
        report: What was done.
        teacher: The dense model that any later training learns from; None for the one that was pruned.
    """

    model: FloatModel
    method: str
    report: PruneReport
    teacher: FloatModel | None = None
