"""Budgets: what a pruned model may cost at most, as users write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from edgeprune.errors import UserError
from edgeprune.prune.channels.quantities import Quantity

_UNITS = {"": 1, "k": 1000, "M": 1_000_000, "KB": 1000, "KiB": 1024, "MiB": 1024 * 1024}
_FORM = re.compile(r"\s*(\w+)\s*([/=])\s*(\d[\d_,]*(?:\.\d+)?(?:e\d+)?)\s*(\w*)\s*")


@dataclass(frozen=True)
class Budget:
    """An upper limit.

    Attributes:
        quantity: What is limited.
        ratio: How many times less than the dense model has; None where `amount` is given.
        amount: The limit itself.
    """

    quantity: Quantity
    ratio: float | None = None
    amount: float | None = None

    @staticmethod
    def parse(text: str) -> Budget:
        """Read `macs/2.5` (a ratio) or `sram=32KiB` (an amount).

        Raises:
            UserError: It is neither, the quantity is unknown, or a ratio is below 1.
        """
        found = _FORM.fullmatch(text)
        known = ", ".join(quantity.value for quantity in Quantity)
        if found is None or found[4] not in _UNITS:
            raise UserError(
                f"budget = {text!r} is no budget; write QUANTITY/RATIO or QUANTITY=AMOUNT, such as 'macs/2.5' or "
                f"'sram=32KiB'; quantities are {known}"
            )
        if found[1] not in {quantity.value for quantity in Quantity}:
            raise UserError(f"budget = {text!r} limits {found[1]!r}, which is unknown; quantities are {known}")
        quantity, number = Quantity(found[1]), float(re.sub("[_,]", "", found[3]))
        if found[2] == "=":
            return Budget(quantity, amount=number * _UNITS[found[4]])
        if found[4] or not 1 <= number < math.inf:
            raise UserError(f"budget = {text!r} would not make the model smaller; give a ratio above 1")
        return Budget(quantity, ratio=number)

    def limit(self, dense: float) -> float:
        """The largest amount allowed for a model whose dense form has `dense`."""
        return self.amount if self.amount is not None else dense / (self.ratio or 1.0)

    def out_of_reach(self, dense: float, least: float) -> UserError:
        """The error where even the smallest model has more."""
        asked = f"{self.ratio:g} times fewer" if self.ratio is not None else f"at most {self.amount:,.0f}"
        return UserError(
            f"{asked} {self.quantity.unit} are out of reach: with all removable channels but the last ones gone "
            f"{least:,.0f} of {dense:,.0f} are left, which is {dense / max(least, 1):.2f} times cheaper; ask for less, "
            "or see the report for the layers that must stay"
        )
