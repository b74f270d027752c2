"""What the first bytes of a file say it is, whatever it is called."""

from __future__ import annotations

import re
from typing import Final

from foedus.errors import InputError

#: Formats that are read, by what a file of each begins with; TriG begins as Turtle does.
_RDF: Final = (
    ("rdf", re.compile(rb"<\?xml\s|<!DOCTYPE\s|<!--|<(?:[\w.-]+:)?[\w.-]+\s")),
    (
        "ttl",
        re.compile(rb"@(?:prefix|base|version)\s|(?:prefix|base|version)\s|<[^\s<>]*>|_:", re.I),
    ),
    ("jsonld", re.compile(rb"\{\s*[\"}]|\[\s*(?:[\[{\"]|\]\s*\Z)")),
)

#: What to do with an ontology that is not in RDF.
CONVERT: Final = (
    "save it from Protégé as Turtle, or run: robot convert --input FILE --output FILE.ttl"
)
#: What a name says that is none of RDF.
NOT_RDF: Final = {
    "ofn": "OWL functional syntax",
    "omn": "OWL Manchester syntax",
    "owx": "OWL/XML",
    "obo": "OBO",
}
#: What is told of others: its name, what it begins with, and what to try.
_OTHERS: Final = (
    (
        "OWL functional syntax",
        re.compile(rb"(?:Prefix|Ontology|Import|Declaration|Annotation)\s*\("),
        CONVERT,
    ),
    (
        "OWL Manchester syntax",
        re.compile(rb"(?:Prefix|Ontology|Import|Class|Individual|Datatype|\w+Property):\s"),
        CONVERT,
    ),
    (
        "OWL/XML",
        re.compile(
            rb"(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*+"
            rb"<(?:[\w.-]+:)?Ontology\s(?![^>]*\w:about=)",
            re.DOTALL,
        ),
        CONVERT,
    ),
    ("OBO", re.compile(rb"format-version:"), CONVERT),
    ("a web page", re.compile(rb"<!DOCTYPE\s+html|<html[\s>]", re.I), "fetch the RDF behind it"),
    ("a zip archive", re.compile(rb"PK\x03\x04"), "unpack it"),
    ("packed with bzip2", re.compile(rb"BZh[1-9]"), "unpack it"),
    ("packed with xz", re.compile(rb"\xfd7zXZ\x00"), "unpack it"),
    ("packed with zstd", re.compile(rb"\x28\xb5\x2f\xfd"), "unpack it"),
    (
        "text in UTF-16 or UTF-32",
        re.compile(rb"\xff\xfe|\xfe\xff|\x00\x00\xfe\xff"),
        "save it as UTF-8",
    ),
    (
        "XML in another encoding than UTF-8",
        re.compile(rb"<\?xml[^>]*\sencoding\s*=\s*[\"'](?!utf-?8)", re.IGNORECASE),
        "save it as UTF-8, and say so in its first line",
    ),
)
_BLANK: Final = re.compile(rb"(?:\s|#[^\n]*\n)*+")


def recognized(head: bytes) -> str | None:
    """The format of RDF that the first bytes of a file are of, if they tell."""
    start = _start(head)
    return next((name for name, form in _RDF if form.match(head, start)), None)


def refuse_others(head: bytes, name: str) -> None:
    """Raise InputError if the file ``name`` begins as something that is not read here."""
    start = _start(head)
    for kind, form, advice in _OTHERS:
        if form.match(head, start):
            advice = advice.replace("FILE", name)
            raise InputError(f"{name} is {kind}, which is not read here; {advice}")


def _start(head: bytes) -> int:
    """Where the first word is, behind blanks and comments."""
    found = _BLANK.match(head)
    return found.end() if found else 0
