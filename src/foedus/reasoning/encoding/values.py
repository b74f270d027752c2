"""The values of typed literals, computed in bulk by numpy where their texts are plain.

A value is a space, a sign (of a number; for a time, whether it has a zone) and a *text* that all
spellings of the value share: digits without leading zeros or trailing zeros after the point, a time
without its zone where that is UTC. Nearly always that text is a part of the literal's own, and
nothing needs parsing. Other literals are parsed one by one (``rules/datatypes.py``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.encoding.spans import (
    Bytes,
    Hashes,
    Ids,
    Mask,
    blocks,
    hash_spans,
    same_spans,
    spans,
)
from foedus.reasoning.rules.datatypes import DATATYPES, value_key
from foedus.reasoning.rules.numerals import ValueKey
from foedus.reasoning.storage.columns import NONE, pieces
from foedus.terms import Term, iri, literal
from foedus.vocab import XSD

#: The known datatypes. Below, a datatype is its index here; -1 stands for any other.
KNOWN: Final[tuple[Term, ...]] = tuple(sorted(DATATYPES))

_BLOCK: Final = 32  # the bytes of a text that are examined; every datatype suffix is longer
_ENDS, _END_STARTS, _END_LENGTHS = spans([f'"^^{datatype}' for datatype in KNOWN])
_END_HASHES = hash_spans(_ENDS, _END_STARTS + _END_LENGTHS - _BLOCK, np.full(len(KNOWN), _BLOCK))
_BY_HASH = _END_HASHES.argsort()

_OTHER, _DECIMAL, _FLOAT, _DOUBLE, _TIME, _URI = range(6)
_UTC, _ELSEWHERE = 1, 2  # signs of times; 0 have no zone


class _Plain(NamedTuple):
    """The plain lexical forms of a datatype: at most so many digits, and which signs.

    Few enough digits that no bound of the datatype is exceeded, or for floats, that distinct texts
    are distinct values.
    """

    space: int
    digits: int = _BLOCK
    below: bool = True  # negative numbers
    zero: bool = True


_STAMP: Final = KNOWN.index(iri(f"{XSD}dateTimeStamp"))
_FORMS = {
    "decimal": _Plain(_DECIMAL),
    "integer": _Plain(_DECIMAL),
    "nonNegativeInteger": _Plain(_DECIMAL, below=False),
    "positiveInteger": _Plain(_DECIMAL, below=False, zero=False),
    "long": _Plain(_DECIMAL, 18),
    "int": _Plain(_DECIMAL, 9),
    "short": _Plain(_DECIMAL, 4),
    "byte": _Plain(_DECIMAL, 2),
    "unsignedLong": _Plain(_DECIMAL, 19, below=False),
    "unsignedInt": _Plain(_DECIMAL, 9, below=False),
    "unsignedShort": _Plain(_DECIMAL, 4, below=False),
    "unsignedByte": _Plain(_DECIMAL, 2, below=False),
    "float": _Plain(_FLOAT, 6),
    "double": _Plain(_DOUBLE, 15),
    "dateTime": _Plain(_TIME),
    "dateTimeStamp": _Plain(_TIME),
    "anyURI": _Plain(_URI),
}
_SPACES, _DIGITS, _BELOW, _ZERO = np.array(
    [_FORMS.get(datatype[1:-1].removeprefix(XSD), _Plain(_OTHER)) for datatype in KNOWN]
).T
_POINT = np.isin(_SPACES, (_FLOAT, _DOUBLE))
_POINT[KNOWN.index(iri(f"{XSD}decimal"))] = True
_LONG_MONTHS: Final = np.isin(np.arange(256), (1, 3, 5, 7, 8, 10, 12))
_MIX, _STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)

Bits: TypeAlias = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class LiteralValues:
    """The values of literals, in columns: literals of one value have one hash."""

    hashes: Hashes
    known: Mask  # whether the literal has a value
    ill: Mask  # whether it is ill-typed
    parsed: list[tuple[int, ValueKey]]  # the rows that were parsed one by one, and their values


def declared(terms: Terms, numbers: Ids) -> Ids:
    """The index in ``KNOWN`` of each literal's datatype, or -1."""
    parts = [_declared(terms, numbers[part]) for part in pieces(len(numbers))]
    return np.concatenate([NONE, *parts])


def _declared(terms: Terms, numbers: Ids) -> Ids:
    starts, ends = terms.all_starts[numbers], terms.all_starts[numbers + 1] - 1
    found = np.full(len(numbers), -1)
    some = np.flatnonzero(ends - starts > _END_LENGTHS.min())
    lasts = hash_spans(terms.buffer, ends[some] - _BLOCK, np.full(len(some), _BLOCK))
    ranked = _END_HASHES[_BY_HASH]
    at = np.minimum(ranked.searchsorted(lasts), len(ranked) - 1)
    hit = ranked[at] == lasts
    some, which = some[hit], _BY_HASH[at[hit]]
    fits = ends[some] - starts[some] > _END_LENGTHS[which]
    some, which = some[fits], which[fits]
    lengths = _END_LENGTHS[which]
    own = same_spans(terms.buffer, ends[some] - lengths, _ENDS, _END_STARTS[which], lengths)
    found[some[own]] = which[own]
    return found


def values_of(terms: Terms, numbers: Ids) -> LiteralValues:
    """The values of typed literals, given by their numbers."""
    datatypes = declared(terms, numbers)
    typed = datatypes >= 0
    spaces = np.where(typed, _SPACES[datatypes], _OTHER)
    hashes = np.zeros(len(numbers), np.uint64)
    left, known = typed.copy(), typed.copy()
    for part in pieces(len(numbers)):
        for space, read in _READERS.items():
            mine = part.start + np.flatnonzero(spaces[part] == space)
            if not len(mine):
                continue
            starts, lengths = _inner(terms, numbers[mine], datatypes[mine])
            plain, signs, first, size = read(terms.buffer, starts, lengths, datatypes[mine])
            rows = mine[plain]
            texts = hash_spans(terms.buffer, (starts + first)[plain], size[plain])
            hashes[rows] = _mixed(texts, space, signs[plain])
            left[rows] = False
    parsed: list[tuple[int, ValueKey]] = []
    rest = np.flatnonzero(left)
    for place, token in zip(rest.tolist(), terms.tokens(numbers[rest]), strict=True):
        key = value_key(token)
        if key is None:
            known[place] = False
        else:
            parsed.append((place, key))
    if parsed:
        hashes[[place for place, _ in parsed]] = hashes_of([key for _, key in parsed])
    return LiteralValues(hashes, known, typed & ~known, parsed)


def plainly_in(terms: Terms, numbers: Ids, written: Ids, datatype: int) -> Mask:
    """A mask: literals that a datatype of their own space plainly contains; not all of them."""
    read = _READERS.get(int(_SPACES[datatype]))
    if read is None:
        return np.zeros(len(numbers), np.bool_)
    found = [np.zeros(0, np.bool_)]
    for part in pieces(len(numbers)):
        starts, lengths = _inner(terms, numbers[part], written[part])
        found.append(read(terms.buffer, starts, lengths, np.full(len(starts), datatype))[0])
    return np.concatenate(found)


def _inner(terms: Terms, numbers: Ids, datatypes: Ids) -> tuple[Ids, Ids]:
    """The spans between the quotes of literals."""
    starts = terms.all_starts[numbers] + 1
    return starts, terms.all_starts[numbers + 1] - 1 - starts - _END_LENGTHS[datatypes]


def hashes_of(keys: list[ValueKey]) -> Hashes:
    """The hashes of values that were parsed one by one."""
    spaces, signs, texts = zip(*map(_written, keys), strict=True)
    return _mixed(hash_spans(*spans(texts)), np.array(spaces), np.array(signs))


def _mixed(texts: Hashes, space: int | Ids, signs: Ids) -> Hashes:
    hashes = (texts ^ (4 * np.asarray(space) + signs + 1).astype(np.uint64) * _MIX) * _STEP
    hashes ^= hashes >> np.uint64(32)
    return hashes


# Readers of plain texts: whether each is plain, its sign, and the span of the value's text in it

PlainTexts: TypeAlias = tuple[Mask, Ids, Ids, Ids]


def _numbers(buffer: Bytes, starts: Ids, lengths: Ids, datatypes: Ids) -> PlainTexts:
    text = _heads(buffer, starts)
    short = lengths < _BLOCK
    whole: Bits = (np.uint32(1) << np.where(short, lengths, 0).astype(np.uint32)) - np.uint32(1)
    digits, zeros, points = (
        _bits(found) & whole for found in (_is_digit(text), text == ord("0"), text == ord("."))
    )
    minus = text[:, 0] == ord("-")
    sign = (minus | (text[:, 0] == ord("+"))).astype(np.uint32)
    plain = short & (digits | points | sign == whole) & (digits != 0)
    plain &= (points & points - np.uint32(1) == 0) & ((points == 0) | _POINT[datatypes])
    shown: Bits = digits & ~zeros | points
    first, last = _lowest(shown), _highest(shown)
    whole_number = (points == 0) | (points == np.uint32(1) << last.astype(np.uint32))
    stop = np.where(points == 0, lengths, np.where(whole_number, last, last + 1))
    size = np.where(shown == 0, 0, stop - first)
    zero = size == 0
    plain &= size - ~whole_number <= _DIGITS[datatypes]  # without the point
    below = minus & ~zero
    plain &= ~(below & (_BELOW[datatypes] == 0)) & ~(zero & (_ZERO[datatypes] == 0))
    signs = np.where(_SPACES[datatypes] == _DECIMAL, below, minus)  # floats have a -0
    return plain, signs.astype(np.int64), first, size


def _times(buffer: Bytes, starts: Ids, lengths: Ids, datatypes: Ids) -> PlainTexts:
    text = _heads(buffer, starts)
    digits = _bits(_is_digit(text))
    plain = lengths < _BLOCK
    plain &= digits & _DATE_DIGITS == _DATE_DIGITS
    for mark, places in ("-", (4, 7)), ("T", (10,)), (":", (13, 16)):
        for place in places:
            plain &= text[:, place] == ord(mark)
    month, day, hour, minute, second = (_two(text, place) for place in (5, 8, 11, 14, 17))
    plain &= (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    plain &= (day <= 28) | (day <= 30) & (month != 2) | (day == 31) & _LONG_MONTHS[month]
    more = digits >> np.uint32(20)
    run = np.where(text[:, 19] == ord("."), _lowest(~more), 0)  # digits of a fraction
    size = np.where(run > 0, 20 + run, 19)
    rows = np.arange(len(text))
    plain &= (run == 0) | (text[rows, size - 1] != ord("0"))
    zoned = (lengths == size + 1) & (text[rows, np.minimum(size, _BLOCK - 1)] == ord("Z"))
    away = (lengths == 25) & (digits & _ZONE_DIGITS == _ZONE_DIGITS) & (text[:, 22] == ord(":"))
    away &= (text[:, 19] == ord("+")) | (text[:, 19] == ord("-"))
    hours, minutes = _two(text, 20), _two(text, 23)
    away &= (hours < 14) & (minutes < 60)
    zero = away & (hours == 0) & (minutes == 0)
    plain &= (lengths == size) & (datatypes != _STAMP) | zoned | away
    signs = np.where(zoned | zero, _UTC, np.where(away, _ELSEWHERE, 0))
    return plain, signs, np.zeros(len(text), np.int64), np.where(away & ~zero, 25, size)


def _uris(buffer: Bytes, starts: Ids, lengths: Ids, datatypes: Ids) -> PlainTexts:
    head = _heads(buffer, starts)
    plain = np.zeros(len(head), np.bool_)
    for scheme in (b"http:", b"https:"):
        plain |= (head[:, : len(scheme)] == np.frombuffer(scheme, np.uint8)).all(axis=1)
    nothing = np.zeros(len(head), np.int64)
    return plain, nothing, nothing, lengths


_READERS: Final[dict[int, Callable[[Bytes, Ids, Ids, Ids], PlainTexts]]] = {
    _DECIMAL: _numbers,
    _FLOAT: _numbers,
    _DOUBLE: _numbers,
    _TIME: _times,
    _URI: _uris,
}


def _heads(buffer: Bytes, starts: Ids) -> Bytes:
    """The first 32 bytes of each text, including what follows a shorter one."""
    return blocks(buffer)[starts].view(np.uint8).reshape(-1, _BLOCK)


def _is_digit(text: Bytes) -> Mask:
    return text - np.uint8(ord("0")) < 10  # unsigned: lower bytes wrap around


def _two(text: Bytes, place: int) -> Bytes:
    """The number that two digits stand for."""
    high, low = text[:, place] - np.uint8(ord("0")), text[:, place + 1] - np.uint8(ord("0"))
    return high * np.uint8(10) + low


def _bits(marks: Mask) -> Bits:
    """Each row of marks as the bits of a number, the first mark the lowest."""
    return np.packbits(marks, axis=1, bitorder="little").view("<u4")[:, 0]


def _places(*spans: tuple[int, int]) -> np.uint32:
    return np.uint32(sum(1 << place for start, stop in spans for place in range(start, stop)))


_DATE_DIGITS: Final = _places((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
_ZONE_DIGITS: Final = _places((20, 22), (23, 25))


def _lowest(bits: Bits) -> Ids:
    """The position of the lowest bit; 0 where there is none."""
    low = np.frexp((bits & ~bits + np.uint32(1)).astype(np.float64))[1] - 1
    return np.where(bits == 0, 0, low).astype(np.int64)


def _highest(bits: Bits) -> Ids:
    """The position of the highest bit; 0 where there is none."""
    high = np.frexp(bits.astype(np.float64))[1] - 1
    return np.where(bits == 0, 0, high).astype(np.int64)


# The same for values that were parsed


def _written(key: tuple[Any, ...]) -> tuple[int, int, str]:
    """The space, sign and text of a value."""
    match key:
        case ("decimal", int(number)):
            return _DECIMAL, int(number < 0), str(abs(number)) if number else ""
        case ("decimal", sign, digits, top):
            return _DECIMAL, int(sign), _point(digits, top)
        case ("float" | "double" as space, "NaN"):
            return (_FLOAT if space == "float" else _DOUBLE), 0, "NaN"
        case ("float", packed):
            (number,) = struct.unpack("<f", packed)
            return _FLOAT, *_floating(str(np.float32(number)), _FORMS["float"].digits)
        case ("double", packed):
            (number,) = struct.unpack("<d", packed)
            return _DOUBLE, *_floating(repr(number), _FORMS["double"].digits)
        case ("dateTime", year, month, day, hour, minute, second, fraction, zone):
            text = f"{year:04}" if isinstance(year, int) else year
            text += f"-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
            text += f".{fraction}" if fraction else ""
            if not zone:
                return _TIME, 0 if zone is None else _UTC, text
            sign = "-" if zone < 0 else "+"
            return _TIME, _ELSEWHERE, f"{text}{sign}{abs(zone) // 60:02}:{abs(zone) % 60:02}"
        case ("anyURI", text):
            return _URI, 0, literal(text)[1:-1]
    return _OTHER, 0, repr(key)


def _floating(shortest: str, most: int) -> tuple[int, str]:
    """The sign and text of a float, given by the fewest digits that identify it."""
    number = Decimal(shortest)
    sign, digits, _ = number.as_tuple()
    if not number.is_finite() or not number:
        return sign, "" if number.is_finite() else "INF"
    text = _point("".join(map(str, digits)).rstrip("0"), number.adjusted())
    return sign, text if len(text.replace(".", "")) <= most else shortest


def _point(digits: str, top: int) -> str:
    """Digits with a decimal point, the first of them worth ten to the power of ``top``."""
    if top < 0:
        return "." + "0" * (-top - 1) + digits
    whole = digits[: top + 1].ljust(top + 1, "0")
    return f"{whole}.{digits[top + 1 :]}" if len(digits) > top + 1 else whole
