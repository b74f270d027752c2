"""Dates as people write them in EDTF, as an earliest and a latest instant."""

from __future__ import annotations

import calendar
import re
from typing import Any

from foedus.errors import BadParameter

#: What stands for an open end: before and after every instant that the graph knows.
FIRST, LAST = (1, 1, 1), (9999, 12, 31)
#: Longest date that is read, in characters, and largest year: stores count no further.
LONGEST, FARTHEST = 200, 10**9 - 1

_PLAIN = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?")
#: What its grammar takes and its library reads otherwise: significant digits, a year of any length.
_MISREAD = re.compile(r"S\d|[eE]\d{2,}|\d{10}")
_UNKNOWN = re.compile(r"/[^/]+|[^/]+/")


def interval(text: str, parameter: str = "date") -> tuple[str, str]:
    """The earliest and the latest instant of an EDTF date, as ``xsd:dateTime`` without a zone.

    Years are astronomical, as in EDTF and XSD 1.1: 0000 is the year before 0001. An interval
    whose end is unknown, not open, and one that ends before it begins, cannot be meant.

    >>> interval("1961-07-11")
    ('1961-07-11T00:00:00', '1961-07-11T23:59:59')
    >>> interval("193X")
    ('1930-01-01T00:00:00', '1939-12-31T23:59:59')
    >>> interval("1950/..")
    ('1950-01-01T00:00:00', '9999-12-31T23:59:59')
    >>> interval("-0044-03-15")
    ('-0044-03-15T00:00:00', '-0044-03-15T23:59:59')
    """
    text = text.strip()
    plain = _PLAIN.fullmatch(text)
    if plain and plain[1] != "0000":  # the common case, without loading a grammar
        year, month, day = int(plain[1]), int(plain[2] or 0), int(plain[3] or 0)
        last = calendar.monthrange(year, month or 12)[1]
        if day <= last:
            return (
                f"{year:04}-{month or 1:02}-{day or 1:02}T00:00:00",
                f"{year:04}-{month or 12:02}-{day or last:02}T23:59:59",
            )
    if _UNKNOWN.fullmatch(text) and len(text) <= LONGEST:
        raise BadParameter(parameter, text, "a time with known ends; write .. for one that is open")
    from edtf import parse_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    try:
        if len(text) > LONGEST or _MISREAD.search(text):
            raise ValueError
        date: Any = parse_edtf(text)
        start, end = _day(date.lower_strict()), _day(date.upper_strict())
    except (EDTFParseException, ValueError, AttributeError, TypeError, RecursionError):
        raise BadParameter(
            parameter,
            text if len(text) <= LONGEST else f"{text[:20]}...",
            "a date; write 1961-07-11, 2018-03, 1949, 193X or 1950/1953 (EDTF)",
        ) from None
    if start and end and start > end:
        raise BadParameter(parameter, text, "a time that begins before it ends")
    # An open end lies beyond what the graph knows, and beyond the other end.
    first = min(filter(None, (start, end, FIRST)))
    last_day = max(filter(None, (start, end, LAST)))
    return _instant(start or first, "00:00:00"), _instant(end or last_day, "23:59:59")


def _day(found: Any) -> tuple[int, int, int] | None:
    """Year, month and day; None for an open end."""
    if isinstance(found, float):
        return None
    if abs(found.tm_year) > FARTHEST:
        raise ValueError
    return found.tm_year, found.tm_mon, found.tm_mday


def _instant(day: tuple[int, int, int], clock: str) -> str:
    year, month, number = day
    sign = "-" if year < 0 else ""
    return f"{sign}{abs(year):04}-{month:02}-{number:02}T{clock}"


def day(instant: str) -> int:
    """The number of the day of an ``xsd:dateTime``, counted from 1970-01-01.

    >>> day("1970-01-02T23:59:59")
    1
    """
    import numpy as np

    return int(np.datetime64(instant.partition("T")[0], "D").astype(np.int64))


def written(number: int) -> str:
    """The day of that number, in EDTF.

    >>> written(day("1961-07-11T00:00:00"))
    '1961-07-11'
    """
    import numpy as np

    return str(np.datetime64(number, "D"))


def days(text: str, parameter: str = "on") -> tuple[int, int]:
    """The numbers of the first and the last day of an EDTF date.

    >>> days("1970-01")
    (0, 30)
    """
    first, last = interval(text, parameter)
    return day(first), day(last)
