"""``conclusions.toml`` as values: conclusions that no rule derives, and how to test them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from foedus.reasoning.rules.rule import Atom, ListOf, Rule, Var
from foedus.reasoning.rules.table import parse_atom, parse_premise, parse_rule
from foedus.terms import Term, expand

FILE = Path(__file__).with_name("conclusions.toml")


@dataclass(frozen=True, slots=True)
class Trial:
    """What to suppose, and what must then follow; ``expect`` None is a contradiction."""

    assume: tuple[Atom, ...]
    expect: tuple[Atom, ...] | None


@dataclass(frozen=True, slots=True)
class ConclusionForm:
    """A form of conclusion, and the trials that it must pass."""

    id: str
    conclude: tuple[Atom, ...]
    list: ListOf | None
    trials: tuple[Trial, ...]
    every: bool

    @property
    def node(self) -> bool:
        """Whether it is an axiom node, which is tested with all its triples together."""
        return self.conclude[0].s == Var("n")

    @property
    def picks(self) -> tuple[str, ...]:
        """The indices that pick one member of the list."""
        atoms = [a for t in self.trials for a in (*t.assume, *(t.expect or ())) if not a.each]
        found = {n.index for a in atoms for n in a if isinstance(n, Var) and n.index.isalpha()}
        return tuple(sorted(found - {"n"}))


@dataclass(frozen=True, slots=True)
class Conclusions:
    """The whole table."""

    forms: tuple[ConclusionForm, ...]
    classes: tuple[Atom, ...]
    properties: tuple[Atom, ...]
    always: tuple[Atom, ...]
    always_owl: tuple[Atom, ...]
    kinds: frozenset[frozenset[Term]]
    types: frozenset[Term]
    reflexive: Rule
    of_all_things: tuple[Atom, ...]


@cache
def conclusions() -> Conclusions:
    """The table, read once."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    prefixes = content.pop("prefixes")
    known, expressions = content.pop("known"), content.pop("expressions")
    said = content.pop("of-all-things")["said"]
    reflexive = parse_rule("reflexive", content.pop("reflexive-everywhere"), prefixes)

    def atoms(texts: list[str]) -> tuple[Atom, ...]:
        return tuple(parse_atom(text, prefixes) for text in texts)

    def terms(names: list[str]) -> frozenset[Term]:
        return frozenset(filter(None, (expand(name, prefixes) for name in names)))

    return Conclusions(
        forms=tuple(_form(name, block, prefixes) for name, block in content.items()),
        classes=atoms(known["class"]),
        properties=atoms(known["property"]),
        always=atoms(known["always"]),
        always_owl=atoms(known["always-owl"]),
        kinds=frozenset(terms(kind) for kind in expressions["kinds"]),
        types=terms(expressions["types"]),
        reflexive=reflexive,
        of_all_things=atoms(said),
    )


def _form(name: str, block: Mapping[str, object], prefixes: Mapping[str, str]) -> ConclusionForm:
    parts = [parse_premise(text, prefixes) for text in _texts(block["conclude"])]
    also = block.get("also")
    trials = [_trial(block, prefixes)]
    if isinstance(also, dict):
        trials.append(_trial(also, prefixes))
    return ConclusionForm(
        id=name,
        conclude=tuple(part for part in parts if isinstance(part, Atom)),
        list=next((part for part in parts if isinstance(part, ListOf)), None),
        trials=tuple(trials),
        every="every" in block,
    )


def _trial(block: Mapping[str, object], prefixes: Mapping[str, str]) -> Trial:
    assume = tuple(parse_atom(text, prefixes) for text in _texts(block.get("assume", [])))
    expect = block["expect"]
    if expect is False:
        return Trial(assume, None)
    return Trial(assume, tuple(parse_atom(text, prefixes) for text in _texts(expect)))


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(text) for text in value]
