"""Finding the module that a `--via` argument means, among those of a package.

Each such module is one way to reach something.  It has a `SCHEME`, the word before the colon;
it is found by being there.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from edgeprune.errors import UserError


def scheme_of(via: str) -> str:
    """The word before the colon; all of an argument without one."""
    return via.partition(":")[0]


def modules_by_scheme(package: ModuleType) -> dict[str, ModuleType]:
    """The modules of a package, sorted by their schemes."""
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    modules = [importlib.import_module(info.name) for info in found]
    return {module.SCHEME: module for module in sorted(modules, key=lambda module: module.SCHEME)}


def chosen_module(package: ModuleType, via: str, goal: str) -> tuple[ModuleType, str]:
    """The module that an argument names, and the rest of the argument.

    Args:
        package: Where to look.
        via: Such as `serial:/dev/ttyACM0`.
        goal: What is reached, for the message: `a board`.

    Raises:
        UserError: there is no such scheme.
    """
    modules, scheme = modules_by_scheme(package), scheme_of(via)
    if scheme not in modules:
        raise UserError(f"there is no way {via!r} to reach {goal}; known: {', '.join(modules)}")
    return modules[scheme], via.partition(":")[2]
