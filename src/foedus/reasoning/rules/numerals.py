"""Decimal numerals and years of any length, in linear time.

Python converts digits to an integer in quadratic time, and refuses more than 4,300 of them. Long
numerals are kept as text.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

#: A value: the name of its value space, then what identifies it there.
ValueKey = tuple[Hashable, ...]

#: Numbers and years of more digits are kept as text.
_LONG = 1000
_NINES = str.maketrans("0123456789", "9876543210")


def decimal_key(text: str) -> ValueKey:
    """The key of a decimal: an integer where it is one and not too long.

    Otherwise its sign, its digits without leading and trailing zeros, and the power of ten of the
    first digit.

    >>> decimal_key("07.0"), decimal_key("-0.050")
    (('decimal', 7), ('decimal', 1, '5', -2))
    """
    below = text.startswith("-")
    whole, _, part = text.lstrip("+-").partition(".")
    whole, part = whole.lstrip("0"), part.rstrip("0")
    if not part and len(whole) <= _LONG:
        number = int(whole or "0")
        return ("decimal", -number if below else number)
    digits = (whole + part).lstrip("0")
    top = len(whole) - 1 if whole else len(digits) - len(part) - 1
    return ("decimal", int(below), digits.rstrip("0"), top)


def between(key: ValueKey, low: float, high: float) -> bool:
    """Whether a decimal is an integer within bounds, which are short or infinite."""
    match key:
        case (_, int(number)):
            return low <= number <= high
        case (_, below, str(digits), int(top)) if len(digits) <= top + 1:
            return math.isinf(low if below else high)
    return False


def year_key(text: str) -> int | str:
    """A year as an integer; as text if it is long."""
    return int(text) if len(text) <= _LONG else text


def next_year(text: str) -> int | str:
    """The year after, of any length; before year 0 the nines' complement is counted up."""
    below, digits = text.startswith("-"), text.lstrip("-")
    digits = digits.translate(_NINES) if below else digits
    head = digits.rstrip("9")
    kept = f"{head[:-1]}{int(head[-1]) + 1}" if head else "1"
    found = kept + "0" * (len(digits) - len(head))
    return year_key("-" + (found.translate(_NINES).lstrip("0") or "0") if below else found)
