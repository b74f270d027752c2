"""``python -m foedus``: the command line."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line and exit with its documented code."""
    from foedus.cli import run

    gc.set_threshold(50_000, 20, 20)  # nearly all that a command makes lives until it ends
    run()


if __name__ == "__main__":
    main()
