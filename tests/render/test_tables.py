"""A result is printed in the format asked for, and a format that is forgotten somewhere is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from foedus.render.tables import Format, listing, render
from foedus.store.query import Result

RESULT = Result("rows", ("who", "whom"), (("<urn:a>", '"b"'), ("<urn:c>", None)))
PRINTERS: dict[str, Callable[[Format], str]] = {
    "result": lambda format: render(RESULT, format, str),
    "listing": lambda format: listing(["who", "whom"], [["a", "b"]], format),
}


@pytest.mark.parametrize("printer", PRINTERS)
def test_no_format_is_printed_as_another(printer: str) -> None:
    printed = {format: PRINTERS[printer](format) for format in Format}
    assert len(set(printed.values())) == len(Format)


@pytest.mark.parametrize("printer", PRINTERS)
def test_a_format_without_a_printer_is_not_guessed(printer: str) -> None:
    with pytest.raises(AssertionError, match="yaml"):
        PRINTERS[printer]("yaml")  # type: ignore[arg-type]
