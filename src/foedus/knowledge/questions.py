"""The canned questions: a ``.rq`` file each, its header the words, the parameters and the notes.

A header is the comment at the top of the file::

    # allies-of: Who are the allies of {state}?
    # asked: allies | treaty partners of a country
    # param state: name = id:China | the state asked about
    # needs: prp-spo2 prp-symp
    # assumes: what the answer takes for granted, if anything

``asked`` lines hold other ways to ask the question, short and in other words, by which `finding`
knows it; they need no synonyms that ``words/synonyms.csv`` has.

A value replaces what stands in the parameter's ``VALUES``; the rest of the file stays as it is.
"""

from __future__ import annotations

import csv
import datetime
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral
from pathlib import Path
from typing import TypeAlias

from foedus.errors import BadParameter, ParseFailure, UnknownName
from foedus.language.dates import interval
from foedus.language.spelling import near
from foedus.short import short_repr
from foedus.sparql.lexer import Token, tokens
from foedus.store.files import read_text
from foedus.terms import Term, literal

#: Kind of a parameter -> what its values are, for people.
KINDS = {
    "name": "a name: a label or alias in any case, a CURIE or an IRI",
    "date": "a date: 1961-07-11, 2018-03, 1949, 193X, 1950/1953 (EDTF)",
    "text": "words",
    "number": "a number",
}
#: The value that leaves a parameter open.
ANY = "any"
#: What a caller may give for a parameter: text as for `KINDS`, a day, a year, a number.
Value: TypeAlias = str | int | float | datetime.date

_FIELD = re.compile(r"#\s*(?P<key>[\w-]+)(?:\s+(?P<name>\w+))?\s*:\s+(?P<value>.*)")
_PARAM = re.compile(r"(?P<kind>\w+)\s*=\s*(?P<default>.*?)\s*(?:\|\s*(?P<about>.*))?")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What can be chosen in a question: its kind (see `KINDS`), default and meaning."""

    name: str
    kind: str
    default: str
    about: str

    @property
    def spoken(self) -> str:
        """The default as a person would type it: ``China`` for ``id:China``."""
        return self.default.rpartition(":")[2] if self.kind == "name" else self.default

    def written(self, value: Value) -> str:
        """The value as text, such as EDTF for a date; raises `BadParameter` for no `Value`.

        >>> Parameter("on", "date", "1961", "the day").written(datetime.date(1961, 7, 11))
        '1961-07-11'
        """
        if isinstance(value, str):
            return str(value)
        if self.kind == "date" and isinstance(value, datetime.date):
            return value.isoformat()[:10]
        if isinstance(value, Integral | float) and not isinstance(value, bool):
            if self.kind == "number" and math.isfinite(value):
                return f"{Decimal(str(value)):f}"
            if self.kind == "date" and isinstance(value, Integral) and 0 < value < 10_000:
                return f"{int(value):04}"
        raise BadParameter(self.name, value, KINDS[self.kind])


#: What every question can be asked for: the time of the relations it tells of.
ON = Parameter("on", "date", ANY, "the time")


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its words, its topic, what can be chosen, the rules it needs, its SPARQL."""

    slug: str
    words: str
    topic: str
    parameters: tuple[Parameter, ...]
    needs: tuple[str, ...]
    assumes: str
    sparql: str
    path: Path
    asked: tuple[str, ...] = ()  # other ways to ask it, for `finding`

    __repr__ = short_repr

    @property
    def is_dated(self) -> bool:
        """Whether the question has a time of its own to be asked for."""
        return ON.name in {parameter.name for parameter in self.parameters}

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; raises `UnknownName` with the near ones."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        has = ", ".join(p.name for p in self.parameters)
        raise UnknownName(
            f"parameter of {self.slug}",
            name,
            near(name, [p.name for p in self.parameters]),
            f"it has {has}" if has else "it has none",
        )

    def text(self, values: Mapping[str, str], resolve: Callable[[str], Term]) -> str:
        """The SPARQL with these values set; ``resolve`` turns a name into its IRI."""
        made = self.sparql
        for name, value in values.items():
            made = _set(made, self, self.parameter(name), value, resolve)
        return made

    def phrase(self, values: Mapping[str, str], label: Callable[[str], str]) -> str:
        """The question in words, each ``{parameter}`` filled in."""

        def fill(found: re.Match[str]) -> str:
            value = values.get(found[1])
            if value is None:
                value = next((p.default for p in self.parameters if p.name == found[1]), ANY)
            return "anything" if value == ANY else label(value)

        return re.sub(r"\{(\w+)\}", fill, self.words)


def find_question(folder: Path, slug: str) -> Question:
    """The question of that name; raises `UnknownName` with the near ones."""
    for path in _files(folder, slug) if re.fullmatch(r"[\w-]+", slug) else ():
        return read_question(path, _topic_of(path, folder, _topics(folder)))
    meant = suggest(slug, read_questions(folder))
    raise UnknownName("question", slug, meant, "'foedus ask' lists them all")


def suggest(name: str, questions: Mapping[str, Question], limit: int = 3) -> list[str]:
    """The questions that somebody may have meant: by their names, else by their words."""
    found = near(name, questions, limit)
    if found:
        return found
    sought = name.casefold().replace(" ", "")

    def said(question: Question) -> str:
        defaults = "".join(p.spoken for p in question.parameters)
        return (question.words + defaults).casefold().replace(" ", "")

    return [slug for slug, question in questions.items() if sought in said(question)][:limit]


def read_questions(folder: Path) -> dict[str, Question]:
    """Every question of a folder by its slug, in the order of topic and slug.

    The folder that a question is in is its topic, called as ``topics.csv`` says and in that order.
    """
    topics = _topics(folder)
    order = {topic: number for number, topic in enumerate(topics.values())}
    found: dict[str, Question] = {}
    for path in _files(folder):
        if path.stem in found:
            raise ParseFailure(str(path), f"{found[path.stem].path} has this name too", 1)
        found[path.stem] = read_question(path, _topic_of(path, folder, topics))
    ranked = sorted(found.values(), key=lambda q: (order.get(q.topic, len(order)), q.topic, q.slug))
    return {q.slug: q for q in ranked}


def _files(folder: Path, slug: str = "*") -> list[Path]:
    """The files of questions, of one name or all; those in ``checks`` are none."""
    every = (*folder.glob(f"{slug}.rq"), *folder.glob(f"*/{slug}.rq"))
    return sorted(path for path in every if path.parent.name != "checks")


def _topics(folder: Path) -> dict[str, str]:
    """What the folders of topics are called, in their order."""
    file = folder / "topics.csv"
    if not file.is_file():
        return {}
    rows = csv.reader(read_text(file).splitlines()[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _topic_of(path: Path, folder: Path, topics: Mapping[str, str]) -> str:
    name = "" if path.parent == folder else path.parent.name
    return topics.get(name, name)


def read_question(path: Path, topic: str = "") -> Question:
    """The question that a ``.rq`` file holds; raises `ParseFailure` with the line.

    Its ``topic`` is said here, or in its header.
    """
    text = read_text(path)
    fields: dict[str, str] = {}
    parameters: list[Parameter] = []
    asked: list[str] = []
    words = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = _FIELD.fullmatch(line.rstrip())
        if number > 1 and not line.startswith("#"):
            break
        if number == 1:
            if not found or found["key"] != path.stem or found["name"]:
                raise ParseFailure(
                    str(path), f"the first line must be '# {path.stem}: the question?'", 1
                )
            words = found["value"]
        elif found and found["key"] == "param" and found["name"]:
            parameters.append(_parameter(path, number, found["name"], found["value"]))
        elif found and found["key"] == "asked" and not found["name"]:
            asked += [way.strip() for way in found["value"].split("|") if way.strip()]
        elif found and not found["name"] and found["key"] in {"topic", "needs", "assumes", "note"}:
            fields[found["key"]] = found["value"]
        elif line.strip("# ") and fields and re.match(r"#\s{2,}", line):
            last = next(reversed(fields))
            fields[last] += " " + line.strip("# ")
        elif line.strip("# "):
            raise ParseFailure(
                str(path),
                "a header line is topic, asked, param NAME, needs, assumes or note",
                number,
            )
    return Question(
        path.stem,
        words,
        fields.get("topic", topic),
        tuple(parameters),
        tuple(fields.get("needs", "").replace(",", " ").split()),
        fields.get("assumes", ""),
        text,
        path,
        tuple(asked),
    )


def _parameter(path: Path, line: int, name: str, value: str) -> Parameter:
    found = _PARAM.fullmatch(value)
    if not found or found["kind"] not in KINDS:
        raise ParseFailure(
            str(path),
            f"param {name} must read 'KIND = DEFAULT | meaning', KIND one of {[*KINDS]}",
            line,
        )
    return Parameter(name, found["kind"], found["default"], found["about"] or "")


def _set(
    sparql: str,
    question: Question,
    parameter: Parameter,
    value: str,
    resolve: Callable[[str], Term],
) -> str:
    """A query with the contents of one parameter's VALUES replaced."""
    dated = parameter.kind == "date"
    names = (
        [f"?{parameter.name}_start", f"?{parameter.name}_end"] if dated else [f"?{parameter.name}"]
    )
    start, end = _values(sparql, names, question)
    old = sparql[start:end]
    if value == ANY:
        if parameter.default != ANY:
            raise BadParameter(
                parameter.name, value, f"something that {question.slug} can leave open"
            )
        new = "(UNDEF UNDEF)" if dated else "UNDEF"
    elif dated:
        zone = "" if re.search(r'T[\d:.]+"', old) else "Z"
        new = "({})".format(
            " ".join(f'"{at}{zone}"^^xsd:dateTime' for at in interval(value, parameter.name))
        )
    elif parameter.kind == "name":
        new = resolve(value)
    elif parameter.kind == "text":
        new = literal(value)
    elif _NUMBER.fullmatch(value.strip()):
        new = value.strip()
    else:
        raise BadParameter(parameter.name, value, "a number")
    return f"{sparql[:start]} {new} {sparql[end:]}"


def _values(sparql: str, names: list[str], question: Question) -> tuple[int, int]:
    """Where the contents of ``VALUES names { ... }`` stand."""
    read = list(tokens(sparql))
    for i, token in enumerate(read):
        if token.text.upper() == "VALUES" and _named(read, i + 1) == names:
            braces = [t.offset for t in read[i:] if t.text in {"{", "}"}]
            if len(braces) > 1:
                return braces[0] + 1, braces[1]
    raise ParseFailure(
        str(question.path), f"it has no VALUES for {' and '.join(names)}, which its header declares"
    )


def _named(read: list[Token], at: int) -> list[str]:
    """The variables between VALUES and its opening brace."""
    names = []
    for token in read[at:]:
        if token.text == "{":
            break
        if token.kind == "variable":
            names.append(token.text)
    return names
