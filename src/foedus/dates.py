"""Dates as people write them in EDTF, as an earliest and a latest instant."""

from __future__ import annotations

import calendar
import re
from typing import Any

from foedus.errors import BadParameter

#: What stands for an open end: before and after every instant that the graph knows.
FIRST, LAST = "0001-01-01T00:00:00", "9999-12-31T23:59:59"

_PLAIN = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?")


def interval(text: str, parameter: str = "date") -> tuple[str, str]:
    """The earliest and the latest instant of an EDTF date, as ``xsd:dateTime`` without a zone.

    >>> interval("1961-07-11")
    ('1961-07-11T00:00:00', '1961-07-11T23:59:59')
    >>> interval("193X")
    ('1930-01-01T00:00:00', '1939-12-31T23:59:59')
    >>> interval("1950/..")
    ('1950-01-01T00:00:00', '9999-12-31T23:59:59')
    """
    plain = _PLAIN.fullmatch(text.strip())
    if plain and plain[1] != "0000":  # the common case, without loading a grammar
        year, month, day = int(plain[1]), int(plain[2] or 0), int(plain[3] or 0)
        last = calendar.monthrange(year, month or 12)[1]
        if day <= last:
            return (
                f"{year:04}-{month or 1:02}-{day or 1:02}T00:00:00",
                f"{year:04}-{month or 12:02}-{day or last:02}T23:59:59",
            )
    from edtf import parse_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    try:
        date: Any = parse_edtf(text.strip())
        start, end = date.lower_strict(), date.upper_strict()
    except (EDTFParseException, ValueError, AttributeError, TypeError):
        raise BadParameter(
            parameter, text, "a date; write 1961-07-11, 2018-03, 1949, 193X or 1950/1953 (EDTF)"
        ) from None
    return _instant(start, "00:00:00", FIRST), _instant(end, "23:59:59", LAST)


def _instant(day: Any, clock: str, otherwise: str) -> str:
    if isinstance(day, float) or not 0 < day.tm_year < 10_000:
        return otherwise
    return f"{day.tm_year:04}-{day.tm_mon:02}-{day.tm_mday:02}T{clock}"
