"""Triples and terms as a person would say them, from labels and a table of phrases."""

from __future__ import annotations

import re
import tomllib
from calendar import month_name
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from foedus.language.names import Names
from foedus.terms import (
    Find,
    Pattern,
    Term,
    Triple,
    expand,
    is_blank,
    is_literal,
    split_literal,
    text_of,
)

_TABLE = Path(__file__).with_name("phrases.toml")


@cache
def _table() -> dict[str, Any]:
    """``phrases.toml`` with every CURIE written out."""
    read = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    prefixes = read.pop("prefixes")

    def out(value: Any) -> Any:
        if isinstance(value, dict):
            return {out(k): out(v) for k, v in value.items()}
        if isinstance(value, list):
            return [out(v) for v in value]
        return (expand(value, prefixes) if re.fullmatch(r"[a-z]+:\w+", value) else None) or value

    table: dict[str, Any] = out(read)
    return table


@dataclass(slots=True)
class Phrases:
    """Names and sentences for the things of one graph.

    >>> from foedus.language.names import Name
    >>> said = [Name("<a>", "Ann", "en", 0, "thing"), Name("<p>", "knows", "en", 0, "property")]
    >>> Phrases(Names(said, {}), lambda s, p, o: []).sentence(("<a>", "<p>", "<bigDog>"))
    'Ann knows big Dog'
    """

    names: Names
    find: Find
    _labels: dict[Term, str] = field(default_factory=dict)
    _worldly: dict[Term, bool] = field(default_factory=dict)

    def label(self, term: Term) -> str:
        """What a person would call a term; never an IRI."""
        if term not in self._labels:
            self._labels[term] = self._name(term)
        return self._labels[term]

    def sentence(self, triple: Triple) -> str:
        """What a triple says, without a full stop; ``?words`` stand for what is open."""
        return polished(self._said(triple))

    def _said(self, triple: Triple) -> str:
        s, p, o = triple
        table = _table()
        if p == self.kind_of and o in table["types"]:
            return self._fill(table["types"][o], {"s": s})
        if p == self.kind_of and is_plural(self.label(s)):
            return f"{self.label(s)} are of the kind {self.label(o)}"
        if p == table["structure"]["chain"]:
            return self._chain(s, o)
        if p not in table["properties"]:
            subject, verb = self.label(s), self.label(p)
            verb = verb if p in self.names or p == self.kind_of else verb_phrase(verb)
            return f"{subject} {agreeing(verb) if is_plural(subject) else verb} {self.label(o)}"
        phrase = table["itself"].get(p) if s == o else None
        phrase = phrase or table["properties"][p]
        return self._fill(phrase, {"s": s, "p": p, "o": o})

    @property
    def statement_parts(self) -> tuple[Term, Term, Term]:
        """The properties by which the record of a statement gives subject, predicate, object."""
        table = _table()["statement"]
        return (*table["parts"], table["ends"][0])

    @property
    def kind_of(self) -> Term:
        """The property of being of a kind."""
        return str(_table()["structure"]["type"])

    def is_kind(self, text: str) -> bool:
        """Whether a text is a word for being of a kind, such as "is a"."""
        return " ".join(text.casefold().split()) in _table()["structure"]["kinds"]

    def is_kind_of(self, triple: Triple) -> bool:
        """Whether a triple says of what kind something is."""
        return triple[1] == self.kind_of

    def is_structure(self, triple: Pattern) -> bool:
        """Whether a triple only holds the parts of an axiom together."""
        return triple[1] in _table()["structure"]["properties"]

    def is_fact(self, triple: Triple) -> bool:
        """Whether a triple is about the world, not about names, texts or the meaning of words."""
        s, p, o = triple
        records = _table()["records"]
        if p in records["properties"] or o in records["objects"] or is_blank(s) or is_blank(o):
            return False
        if s not in self._worldly:
            kinds = {k for _, _, k in self.find(s, _table()["structure"]["type"], None)}
            self._worldly[s] = not kinds & set(records["classes"])
        return self._worldly[s]

    def _one(self, s: Term, p: Term) -> Term | None:
        return min((t[2] for t in self.find(s, p, None)), default=None)

    def _name(self, term: Term) -> str:
        if term == self.kind_of:
            return "is a"
        if is_literal(term) or term.startswith("?"):
            return _literal(term) if is_literal(term) else term[1:]
        if term in self.names:
            label = self.names.label(term)
            return verb_phrase(label) if self._is_property(term) else self._called(term, label)
        if is_blank(term):
            return self._expression(term)
        return self._statement(term) or local_name(term)

    def _statement(self, record: Term) -> str:
        """What the record of a statement is called; empty for anything else."""
        table = _table()["statement"]
        s, p = (self._one(record, part) for part in table["parts"])
        o = next(filter(None, (self._one(record, part) for part in table["ends"])), None)
        return f"the statement that {self.sentence((s, p, o))}" if s and p and o else ""

    def _called(self, term: Term, label: str) -> str:
        """A thing's label, with what it is before it where the label is a whole sentence."""
        called = _table()["called"]
        kinds = {o for _, _, o in self.find(term, _table()["structure"]["type"], None)}
        phrase = next((called[k] for k in called if k in kinds), "{}")
        if label.split()[0] in _table()["articles"]["before"]:
            label = f"the {label}"
        return str(phrase.format(label))

    def is_plumbing(self, triple: Pattern) -> bool:
        """Whether a triple only holds a text's positions, spellings or records together."""
        return triple[1] in _table()["records"]["plumbing"] or self.is_structure(triple)

    def _is_property(self, term: Term) -> bool:
        table = _table()
        return any(
            o in table["verbs"]["type"]
            for _, _, o in self.find(term, table["structure"]["type"], None)
        )

    def _expression(self, node: Term) -> str:
        """A class without a name, from its parts."""
        table = _table()
        on = self._one(node, table["structure"]["on"])
        for prop, phrase in table["expressions"].items():
            value = self._one(node, prop)
            if value is not None:
                return self._fill(phrase, {"p": on or node, "o": value})
        return "something without a name"

    def _fill(self, phrase: str, terms: Mapping[str, Term]) -> str:
        def fill(found: re.Match[str]) -> str:
            article, word, name = found[1], found[2], found[3]
            if word in ("and", "or"):
                return self._joined(self._members(terms[name]), word)
            if word:
                return self._pronoun(word, terms[name])
            if article and terms[name] == _table()["structure"]["everything"]:
                return "something"
            text = self.label(terms[name])
            return with_article(text) if article else text

        return re.sub(r"(\ba )?\{(?:(and|or|who|whom|them) )?(\w+)\}", fill, phrase)

    def _members(self, head: Term) -> list[Term]:
        structure = _table()["structure"]
        found: list[Term] = []
        seen: set[Term] = set()
        while head != structure["nil"] and head not in seen:
            seen.add(head)
            first, rest = self._one(head, structure["first"]), self._one(head, structure["rest"])
            if first is None or rest is None:
                break
            found.append(first)
            head = rest
        return found

    def _joined(self, members: Iterable[Term], word: str) -> str:
        """Members in one phrase: "treaty that obliges somebody", "person or state"."""
        texts = sorted((self.label(m) for m in members), key=lambda t: t.startswith("thing that "))
        if word == "and" and len(texts) > 1 and all(t.startswith("thing that ") for t in texts[1:]):
            first = texts[0]
            glue = " and " if first.startswith("thing that ") else " that "
            return first + glue + " and ".join(t.removeprefix("thing that ") for t in texts[1:])
        return listed(texts, word)

    def _pronoun(self, word: str, *props: Term) -> str:
        """Who or what stands before a property, or after it; any of several may tell."""
        words = {"who": ("whatever", "whoever"), "whom": ("something", "somebody")}
        agent = any(self._is_of_agents(prop, word == "who") for prop in props)
        return words.get(word, ("it", "them"))[agent]

    def _is_of_agents(self, prop: Term, subjects: bool) -> bool:
        """Whether agents stand before a property, or after it.

        Its domain or range says so; where there is none, what the graph has there.
        """
        who = _table()["who"]
        stated = {o for _, _, o in self.find(prop, who["domain" if subjects else "range"], None)}
        if stated:
            return not stated.isdisjoint(who["classes"])
        found = {t[0 if subjects else 2] for t in self.find(None, prop, None)}
        kinds = ({o for _, _, o in self.find(x, self.kind_of, None)} for x in found)
        return bool(found) and all(not k.isdisjoint(who["classes"]) for k in kinds)

    def _chain(self, prop: Term, head: Term) -> str:
        """A property chain: who does one thing to somebody, who does another to a third ..."""
        members = self._members(head)
        if not members:
            return self.label(prop)
        path = " something that ".join(map(self.label, members))
        who, whom = self._pronoun("who", prop, members[0]), self._pronoun("whom", prop, members[-1])
        them = self._pronoun("them", prop, members[-1])
        return f"{who} {path} {whom} thereby {self.label(prop)} {them}"


def polished(text: str) -> str:
    """A sentence without the stutter of a relation and a thing that are called alike.

    >>> polished("Kim leads, and his tenure follows the tenure the tenure of his father")
    'Kim leads, and his tenure follows the tenure of his father'
    >>> polished("it follows the tenure Xi Jinping's tenure, on the side the northern side")
    "it follows Xi Jinping's tenure, on the northern side"
    """
    if found := re.search(
        r" (has|have) the ([a-z][a-z ]*?) (something|something else|a third)$", text
    ):
        article = {"something else": "another ", "a third": "a third "}.get(found[3])
        noun = f"{article}{found[2]}" if article else with_article(found[2])
        return f"{text[: found.start()]} {found[1]} {noun}"
    open_ = r"(anything|something|somebody|it|them)\b"
    text = re.sub(rf"\b(has|have) the ([a-z][a-z ]*?) {open_}", r"\1 \3 as \2", text)
    text = re.sub(rf"{open_} that anything has the ([a-z][a-z ]*?) is\b", r"any \2 is", text)
    text = re.sub(r"\bthe (\w+) (the (?:\w+ )?\1)\b", r"\2", text)
    return re.sub(
        r"(?<!has )\bthe (\w+) ((?:[A-Z]\S* ){0,4}[A-Z]\S*['’]s (?:\w+ )?\1)\b", r"\2", text
    )


def verb_phrase(label: str) -> str:
    """A property's label as it reads between two names.

    >>> [verb_phrase(p) for p in ("owes defence to", "allied with", "ally of", "destination")]
    ['owes defence to', 'is allied with', 'is an ally of', 'has the destination']
    """
    verbs = _table()["verbs"]
    if label in verbs["phrases"]:
        return str(verbs["phrases"][label])
    first, *rest = label.split()
    if first in verbs["finite"] and rest[:1] not in [[word] for word in verbs["unless"]]:
        return label
    if rest[-1:] == ["of"] and first not in verbs["prepositions"]:
        return f"is {with_article(label)}"
    if {first, *rest[-1:]} & set(verbs["prepositions"]):
        return f"is {label}"
    return f"has the {label}"


def agreeing(verb: str) -> str:
    """A verb phrase as it goes with many.

    >>> [agreeing(v) for v in ("is sent by", "has the party", "causes", "met")]
    ['are sent by', 'have the party', 'cause', 'met']
    """
    first, _, rest = verb.partition(" ")
    irregular = {"is": "are", "was": "were", "has": "have", "does": "do", "applies": "apply"}
    first = irregular.get(first) or (first[:-1] if first.endswith("s") else first)
    return f"{first} {rest}".strip()


def is_plural(name: str) -> bool:
    """Whether a name speaks of many: a common noun that ends in s.

    >>> [is_plural(n) for n in ("the volunteers sent by Mao", "the United States", "the closeness")]
    [True, False, False]
    """
    noun = re.split(
        r" (?:of|sent|by|in|on|between|against|with|that|who|from|to|for|at|over) ", name
    )[0].split()[-1]
    common = name[:1].islower() and noun[:1].islower()
    return common and noun.endswith("s") and not noun.endswith(("ss", "us", "is", "'s", "’s"))


def with_article(noun: str) -> str:
    """A noun after "a" or "an".

    >>> with_article("obligation"), with_article("treaty")
    ('an obligation', 'a treaty')
    """
    return f"{'an' if noun[:1].lower() in tuple('aeiou') else 'a'} {noun}"


def listed(texts: Iterable[str], word: str = "and") -> str:
    """Words in a row: ``a``, ``a and b``, ``a, b and c``."""
    every = list(texts)
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} {word} {every[-1]}"


def _literal(term: Term) -> str:
    value, datatype, _ = split_literal(term)
    if datatype and f"<{datatype}>" in _table()["dates"]["datatypes"]:
        return say_date(value)
    words = datatype is None and not re.fullmatch(r"[\dX][\dX/.~?%-]*", value)  # dates, codes
    return f"“{value}”" if words else value


def say_date(value: str) -> str:
    """A date as people write it.

    >>> say_date("1961-07-11T00:00:00Z")
    '11 July 1961'
    """
    found = re.match(r"(-?\d{4,})-(\d\d)-(\d\d)", value)
    if not found:
        return value
    return f"{int(found[3])} {month_name[int(found[2])]} {int(found[1])}"


def local_name(term: Term) -> str:
    """The last part of an IRI, its words apart.

    >>> local_name("<http://example.org/parts#partOf>")
    'part Of'
    """
    last = re.split(r"[/#]", text_of(term).rstrip("/#"))[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last.replace("_", " ").replace("-", " "))
