"""What the terminal shows: its width, and letters in bold or faint."""

from __future__ import annotations

import os
import shutil
import sys


def terminal_width() -> int | None:
    """The width of the terminal in characters; None where the output goes elsewhere."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return max(20, shutil.get_terminal_size().columns)


def bold(text: str) -> str:
    """The text in bold where the terminal shows it and nobody asked for none."""
    return f"\033[1m{text}\033[0m" if _colour() and text else text


def dim(text: str) -> str:
    """The text in faint letters where the terminal shows them and nobody asked for none."""
    return f"\033[2m{text}\033[0m" if _colour() and text else text


def _colour() -> bool:
    return bool(
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
