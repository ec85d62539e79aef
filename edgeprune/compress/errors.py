"""The fault of a compressed file that cannot be read."""

from __future__ import annotations

from edgeprune.errors import UserError


class CompressedFileError(UserError):
    """A compressed file that is cut, altered, or of an unknown version."""


def damaged(reason: str) -> CompressedFileError:
    """The error for bytes that no encoder of ours writes; `reason` says what is wrong with them."""
    return CompressedFileError(f"the compressed file is damaged ({reason}); copy or download it again")
