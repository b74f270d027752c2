"""Year arithmetic for the rules of a domain."""

from __future__ import annotations

import re

from foedus.reasoning.rules.datatypes import in_datatype, value_key
from foedus.terms import Term, is_literal, literal, split_literal
from foedus.vocab import XSD

_INTEGER = f"<{XSD}integer>"
_DATED = {f"{XSD}{name}" for name in ("gYear", "gYearMonth", "date", "dateTime", "dateTimeStamp")}
_YEAR = re.compile(r"(-?[0-9]{4,999})(?:[-+Z].*)?", re.DOTALL)


def year_of(term: Term) -> Term | None:
    """The year of a date, dateTime, gYear or gYearMonth as xsd:integer; None for other terms.

    An integer, as in SPARQL: OWL 2 has no datatype for years.

    >>> year_of('"1961-07-11"^^<http://www.w3.org/2001/XMLSchema#date>')
    '"1961"^^<http://www.w3.org/2001/XMLSchema#integer>'
    """
    if not is_literal(term):
        return None
    text, datatype, _ = split_literal(term)
    found = _YEAR.fullmatch(text) if datatype in _DATED else None
    return literal(str(int(found[1])), f"{XSD}integer") if found else None


def _number(term: Term) -> tuple[int, bool] | None:
    """The number of an integer or gYear, and whether it is a gYear."""
    if not is_literal(term):
        return None
    text, datatype, _ = split_literal(term)
    if datatype == f"{XSD}gYear":
        found = _YEAR.fullmatch(text)
        return (int(found[1]), True) if found else None
    if not in_datatype(term, _INTEGER):
        return None
    key = value_key(term)
    return (int(str(key[1])), False) if key and len(key) == 2 else None  # long ones are not added


def add(left: Term, right: Term, sign: int = 1) -> Term | None:
    """The sum (or difference, with ``sign`` -1) of integers or of a year and an integer.

    A year and a number make a year; the difference of two years is a number. None for anything
    else.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> add(f'"1961"^^<{xsd}gYear>', f'"20"^^<{xsd}integer>')
    '"1981"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    """
    a, b = _number(left), _number(right)
    if a is None or b is None or (a[1] and b[1] and sign > 0):
        return None
    number = a[0] + sign * b[0]
    if a[1] != b[1]:
        return literal(f"{'-' * (number < 0)}{abs(number):04}", f"{XSD}gYear")
    return literal(str(number), f"{XSD}integer")
