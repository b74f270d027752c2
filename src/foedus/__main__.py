"""``python -m foedus``: the command line."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its documented code."""
    from foedus.cli import run

    run()


if __name__ == "__main__":
    main()
