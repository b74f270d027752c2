"""The datatypes of OWL 2 RL: the value of a literal, and which datatypes contain it.

The datatypes are those of OWL 2 RL (https://www.w3.org/TR/owl2-profiles/#Entities_3), 32 with
``rdfs:Literal``. The datatype rules (dt-type2, dt-eq, dt-diff, dt-not-type) use:

- *dt-eq, dt-diff*: two literals are equal if they have the same ``value_key``, and different if
  both have a key and the keys differ. A literal without a key (ill-typed, or of an unknown
  datatype) equals only itself and is different from nothing.
- *dt-type2, dt-not-type*: ``in_datatype``; *dt-ill-typed*: ``is_ill_typed``.

Equality is the identity of OWL 2 (https://www.w3.org/TR/owl2-syntax/#Datatype_Maps), which is finer
than ``=`` in XSD: ``"0.0"`` and ``"-0.0"`` are two floats, ``NaN`` equals itself, one instant
written in two time zones is two values. The value spaces of the primitive datatypes are disjoint:
no float is a decimal, no hexBinary a base64Binary, no anyURI a string. Integers are decimals, and
every datatype derived from ``xsd:string`` shares its values.

Limits. Lexical forms are taken as written, without the whitespace processing of XML. A float or
double outside the range of its datatype (``1E400``, ``1E-400``) is ill-typed, as in the OWL 2 test
cases, and not infinity or zero, as in XSD 1.1. ``xsd:string`` accepts every character. XML that is
too large to canonicalize is compared as written (``xml_values.py``).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pyexpat import ExpatError
from xml.etree.ElementTree import ParseError

from foedus.reasoning.rules.numerals import ValueKey, between, decimal_key, next_year, year_key
from foedus.reasoning.rules.xml_values import canonical_xml
from foedus.store.xmlliteral import mended
from foedus.terms import Term, is_literal, split_literal
from foedus.vocab import RDF, RDFS, XSD

_NAME_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME_CHAR = _NAME_START + "0-9.\u00b7\u0300-\u036f\u203f-\u2040-"

_LANGUAGE = r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*"

#: Restrictions of xsd:string, by pattern of the value. Sets of so many characters take long to
#: compile, so that each is at its first use.
_STRINGS = {
    "string": None,
    "normalizedString": r"[^\t\n\r]*",
    "token": r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?",
    "language": _LANGUAGE,
    "Name": f"[:{_NAME_START}][:{_NAME_CHAR}]*",
    "NCName": f"[{_NAME_START}][{_NAME_CHAR}]*",
    "NMTOKEN": f"[:{_NAME_CHAR}]+",
}

#: Restrictions of xsd:integer, by the lowest and highest value.
_INTEGERS: dict[str, tuple[float, float]] = {
    "integer": (-math.inf, math.inf),
    "nonNegativeInteger": (0, math.inf),
    "nonPositiveInteger": (-math.inf, 0),
    "positiveInteger": (1, math.inf),
    "negativeInteger": (-math.inf, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf, "NaN": math.nan}
_DATETIME = re.compile(
    r"(-?(?:[1-9][0-9]{3,}|0[0-9]{3}))-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T"
    r"(?:([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]+))?|(24):00:00(?:\.0+)?)"
    r"(Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/] ?)*+(?:= ?)*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.*|[^:/?#]*(?:[/?#].*)?", re.DOTALL)

#: The values of literals shorter than this, in characters, are cached.
_KEPT = 1 << 12


def _decimal(text: str) -> ValueKey | None:
    return decimal_key(text) if _DECIMAL.fullmatch(text) else None


def _integer(low: float, high: float) -> Callable[[str], ValueKey | None]:
    def value(text: str) -> ValueKey | None:
        key = decimal_key(text) if _INTEGER.fullmatch(text) else None
        return key if key and between(key, low, high) else None

    return value


def _binary(space: str, form: str) -> Callable[[str], ValueKey | None]:
    def value(text: str) -> ValueKey | None:
        if text not in _SPECIAL and not _FLOAT.fullmatch(text):
            return None
        number = _SPECIAL.get(text)
        if number is None:
            try:
                (number,) = struct.unpack(form, struct.pack(form, float(text)))
            except OverflowError:
                return None
            lost = number == 0 and any(c in "123456789" for c in re.split("[eE]", text)[0])
            if math.isinf(number) or lost:
                return None
        return (space, "NaN" if math.isnan(number) else struct.pack(form, number))

    return value


def _string(pattern: str | None) -> Callable[[str], ValueKey | None]:
    return lambda text: ("string", text) if not pattern or re.fullmatch(pattern, text) else None


def _plain(text: str) -> ValueKey | None:
    """https://www.w3.org/TR/rdf-plain-literal/: the language follows the last ``@``."""
    words, at, tag = text.rpartition("@")
    if not at:
        return None
    if not tag:
        return ("string", words)
    return ("string", words, tag.lower()) if re.fullmatch(_LANGUAGE, tag) else None


def _boolean(text: str) -> ValueKey | None:
    known = {"true": True, "1": True, "false": False, "0": False}
    return ("boolean", known[text]) if text in known else None


def _hex(text: str) -> ValueKey | None:
    if len(text) % 2 or not re.fullmatch(r"[0-9a-fA-F]*", text):
        return None
    return ("hexBinary", bytes.fromhex(text))


def _base64(text: str) -> ValueKey | None:
    if not _BASE64.fullmatch(text) or text != text.strip(" "):
        return None
    try:
        octets = base64.b64decode(text.replace(" ", ""), validate=True)
    except binascii.Error:
        return None
    # The last character may carry bits that no octet takes: XSD wants them to be zero.
    clean = base64.b64encode(octets).decode() == text.replace(" ", "")
    return ("base64Binary", octets) if clean else None


def _uri(text: str) -> ValueKey | None:
    return ("anyURI", text) if _URI.fullmatch(text) else None


def _datetime(text: str) -> ValueKey | None:
    found = _DATETIME.fullmatch(text)
    if not found:
        return None
    month, day = int(found[2]), int(found[3])
    year, cycle = year_key(found[1]), int(found[1][-4:])  # ten thousand years are 25 cycles
    leap = cycle % 4 == 0 and (cycle % 100 != 0 or cycle % 400 == 0)
    length = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    if day > length:
        return None
    if found[8]:  # midnight at the end of a day is the next day's
        hours, minutes, seconds, fraction = 0, 0, 0, ""
        day += 1
        if day > length:
            day, month = 1, month + 1
        if month > 12:
            month, year = 1, next_year(found[1])
    else:
        hours, minutes, seconds = int(found[4]), int(found[5]), int(found[6])
        fraction = (found[7] or "").rstrip("0")
    zone = None
    if found[9]:
        hour, minute = (found[9][1:] or "0:0").split(":")
        zone = (int(hour) * 60 + int(minute)) * (-1 if found[9][0] == "-" else 1)
    return ("dateTime", year, month, day, hours, minutes, seconds, fraction, zone)


def _stamp(text: str) -> ValueKey | None:
    key = _datetime(text)
    return key if key and key[-1] is not None else None


def _xml(text: str) -> ValueKey | None:
    found = _canonical(text)
    if found is None and (other := mended(text)) != text:  # a pyoxigraph store holds such
        found = _canonical(other)
    return None if found is None else ("XMLLiteral", found)


def _canonical(text: str) -> str | None:
    try:
        return canonical_xml(text)
    except (ParseError, ExpatError, ValueError):
        return None


_LEXICAL: dict[str, Callable[[str], ValueKey | None]] = {
    f"{RDF}PlainLiteral": _plain,
    f"{RDF}XMLLiteral": _xml,
    f"{XSD}decimal": _decimal,
    f"{XSD}float": _binary("float", "<f"),
    f"{XSD}double": _binary("double", "<d"),
    f"{XSD}boolean": _boolean,
    f"{XSD}hexBinary": _hex,
    f"{XSD}base64Binary": _base64,
    f"{XSD}anyURI": _uri,
    f"{XSD}dateTime": _datetime,
    f"{XSD}dateTimeStamp": _stamp,
    **{f"{XSD}{name}": _integer(*bounds) for name, bounds in _INTEGERS.items()},
    **{f"{XSD}{name}": _string(pattern) for name, pattern in _STRINGS.items()},
}


def _within(low: float, high: float) -> Callable[[ValueKey], bool]:
    return lambda k: k[0] == "decimal" and between(k, low, high)


def _matching(pattern: str | None) -> Callable[[ValueKey], bool]:
    return lambda k: (
        k[0] == "string" and len(k) == 2 and (not pattern or bool(re.fullmatch(pattern, str(k[1]))))
    )


def _space(name: str) -> Callable[[ValueKey], bool]:
    return lambda k: k[0] == name


#: Datatypes with a value space of their own.
_OWN = ("decimal", "float", "double", "boolean", "hexBinary", "base64Binary", "anyURI", "dateTime")

_HOLDS: dict[Term, Callable[[ValueKey], bool]] = {
    f"<{RDFS}Literal>": lambda k: True,
    f"<{RDF}PlainLiteral>": _space("string"),
    f"<{RDF}XMLLiteral>": _space("XMLLiteral"),
    f"<{XSD}dateTimeStamp>": lambda k: k[0] == "dateTime" and k[-1] is not None,
    **{f"<{XSD}{name}>": _space(name) for name in _OWN},
    **{f"<{XSD}{name}>": _within(*bounds) for name, bounds in _INTEGERS.items()},
    **{f"<{XSD}{name}>": _matching(pattern) for name, pattern in _STRINGS.items()},
}

#: The datatypes that are known here, as terms.
DATATYPES: frozenset[Term] = frozenset(_HOLDS)


def _is_foreign(term: Term) -> bool:
    """Whether a literal has a datatype that is not known here."""
    return term.endswith(">") and term[term.rindex("^^") + 2 :] not in DATATYPES


def value_key(term: Term) -> ValueKey | None:
    """The value of a literal as a hashable key; None if ill-typed or of an unknown datatype.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> value_key(f'"01"^^<{xsd}int>') == value_key(f'"1.0"^^<{xsd}decimal>')
    True
    >>> value_key(f'"x"^^<{xsd}int>') is None
    True
    """
    return _short_key(term) if len(term) < _KEPT else _short_key.__wrapped__(term)


@lru_cache(maxsize=1 << 16)
def _short_key(term: Term) -> ValueKey | None:
    if _is_foreign(term):
        return None
    text, datatype, language = split_literal(term)
    if language:
        return ("string", text, language.lower())
    read = _LEXICAL.get(datatype or f"{XSD}string")
    return read(text) if read else None


def is_ill_typed(term: Term) -> bool:
    """Whether the text is outside the lexical space of its datatype; False if that is unknown."""
    return term.endswith(">") and not _is_foreign(term) and value_key(term) is None


def in_datatype(term: Term, datatype: Term) -> bool | None:
    """Whether the datatype (``<http://...>``) contains the literal's value; None if unknown.

    An ill-typed literal is in no datatype.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> in_datatype(f'"7"^^<{xsd}integer>', f"<{xsd}byte>")
    True
    """
    holds = _HOLDS.get(datatype)
    if holds is None or not is_literal(term):
        return None
    key = value_key(term)
    if key is not None:
        return holds(key)
    return False if is_ill_typed(term) else None


def holds_texts(datatype: Term) -> tuple[bool, bool] | None:
    """Whether a datatype contains all plain literals, and all language-tagged ones.

    None if it contains some of them only.

    >>> holds_texts("<http://www.w3.org/2001/XMLSchema#string>")
    (True, False)
    """
    if "string" in _WITHIN.get(_name(datatype), ()):
        return None
    return bool(in_datatype('"a"', datatype)), bool(in_datatype('"a"@en', datatype))


def datatypes_of(term: Term) -> list[Term]:
    """The known datatypes that contain the literal's value, sorted."""
    key = value_key(term)
    return [] if key is None else sorted(d for d, holds in _HOLDS.items() if holds(key))


def _bounds(datatypes: Iterable[Term]) -> tuple[float, float] | None:
    """The integers common to all of the datatypes; None if none is an integer type."""
    found = [_INTEGERS[name] for name in map(_name, datatypes) if name in _INTEGERS]
    return (max(low for low, _ in found), min(high for _, high in found)) if found else None


def _name(datatype: Term) -> str:
    return datatype[1:-1].removeprefix(XSD)


def _primitive(datatype: Term) -> str:
    """The value space that a datatype is a part of; empty for rdfs:Literal."""
    name = _name(datatype)
    if name in _INTEGERS:
        return "decimal"
    if name in _STRINGS or datatype == f"<{RDF}PlainLiteral>":
        return "string"
    if datatype == f"<{RDFS}Literal>":
        return ""
    return "dateTime" if name == "dateTimeStamp" else name


#: Each datatype derived from another, with all datatypes that contain it.
_WITHIN = {
    "PlainLiteral": (),
    "string": ("PlainLiteral",),
    "normalizedString": ("string", "PlainLiteral"),
    "token": ("normalizedString", "string", "PlainLiteral"),
    "language": ("NMTOKEN", "token", "normalizedString", "string", "PlainLiteral"),
    "NMTOKEN": ("token", "normalizedString", "string", "PlainLiteral"),
    "Name": ("NMTOKEN", "token", "normalizedString", "string", "PlainLiteral"),
    "NCName": ("Name", "NMTOKEN", "token", "normalizedString", "string", "PlainLiteral"),
    "dateTimeStamp": ("dateTime",),
}


def contradictory(datatypes: Collection[Term]) -> bool:
    """Whether the intersection of the datatypes is empty.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> contradictory([f"<{xsd}positiveInteger>", f"<{xsd}negativeInteger>"])
    True
    """
    spaces = {_primitive(d) for d in datatypes} - {""}
    bounds = _bounds(datatypes)
    return len(spaces) > 1 or (bounds is not None and bounds[0] > bounds[1])


def includes(datatypes: Collection[Term], datatype: Term) -> bool:
    """Whether a datatype contains the whole intersection of others.

    >>> xsd = "http://www.w3.org/2001/XMLSchema#"
    >>> includes([f"<{xsd}short>", f"<{xsd}unsignedInt>"], f"<{xsd}unsignedShort>")
    True
    """
    if datatype == f"<{RDFS}Literal>" or datatype in datatypes or contradictory(datatypes):
        return True
    bounds, name = _bounds(datatypes), _name(datatype).removeprefix(RDF)
    if bounds is not None:
        low, high = _INTEGERS.get(name, (math.inf, -math.inf))
        return name == "decimal" or (low <= bounds[0] and bounds[1] <= high)
    return any(name in _WITHIN.get(_name(d).removeprefix(RDF), ()) for d in datatypes)
