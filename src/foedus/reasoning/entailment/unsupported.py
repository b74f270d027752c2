"""OWL constructs that no rule of OWL 2 RL reads, or only on one side of an axiom.

A rule ignores what it does not know, and nothing follows. That is correct and silent, so it is
reported here: constructs outside OWL 2 RL, ontologies that are imported but absent, datatypes whose
values are not known, and what is *malformed* (``malformed.py``). ``unsupported.toml`` lists the
constructs. Only asserted triples are examined.

The position matters: to be in a union, membership in one of its classes suffices, which a rule
derives; that something is in a union says nothing that a rule could conclude.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from foedus.reasoning.entailment.malformed import TripleSource, halves
from foedus.reasoning.rules.datatypes import DATATYPES, value_key
from foedus.reasoning.rules.rule import Atom, Var
from foedus.reasoning.rules.table import parse_atom
from foedus.terms import Find, Term, Triple, compact, expand, is_blank, is_literal
from foedus.vocab import FIRST, NIL, OWL, RDFS, REST, TYPE

_ONTOLOGY, _IMPORTS, _VERSION = (f"<{OWL}{n}>" for n in ("Ontology", "imports", "versionIRI"))
_DATATYPE, _SAME_CLASS = f"<{RDFS}Datatype>", f"<{OWL}equivalentClass>"

#: The most triples of a node, and nested nodes, of an axiom written for people.
_WIDE, _DEEP = 8, 4
_OTHER = {"sub": "super", "super": "sub"}


@dataclass(frozen=True, slots=True, order=True)
class Unsupported:
    """A statement that is made and not read.

    ``kind`` is a name in ``unsupported.toml``, or ``malformed``; ``node`` the class, property,
    datatype, ontology or rule concerned; ``axiom`` the triple that states it, or in which it
    occurs; ``needed`` what it would take to read it.
    """

    kind: str
    node: Term
    axiom: Triple
    needed: str


@dataclass(frozen=True, slots=True)
class _Construct:
    kind: str
    atoms: tuple[Atom, ...]
    place: str | None
    counts: frozenset[int] | None
    not_counts: frozenset[int]
    beside: Term | None
    outside: frozenset[Term]
    needed: str

    def means(self, triple: Triple) -> bool:
        """Whether a matching triple is meant, by its number and its other end."""
        number = _count(triple[2])
        if number in self.not_counts or (self.counts is not None and number not in self.counts):
            return False
        return not self.outside or bool({triple[0], triple[2]} - self.outside)


def unsupported(
    graph: TripleSource,
    asserted: Find,
    literals: Mapping[Term, Triple],
    imported: Collection[Term] = (),
) -> Iterator[Unsupported]:
    """All that a closure's premises say and its rules do not read, unsorted.

    ``asserted`` finds asserted triples; ``literals`` has a triple with a literal of each unknown
    datatype; ``imported`` are the ontologies that were read.
    """
    broken = set()
    for axiom, told in halves(graph):
        broken.add(axiom[0])
        yield Unsupported("malformed", axiom[0], axiom, told)
    places = _Places(asserted)
    for construct in _table().constructs:
        place = construct.place and construct.place.removesuffix("class")
        for triple in _matching(asserted, construct.atoms):
            node = triple[0]
            if node in broken or not construct.means(triple):
                continue
            if construct.beside and not any(asserted(node, construct.beside, None)):
                continue
            found = places.of(node)
            if place and place not in found:
                continue
            axiom = found[place] if place else next(iter(found.values()), triple)
            yield Unsupported(construct.kind, node, axiom, construct.needed)
    yield from _imports(asserted, imported)
    yield from _datatypes(asserted, literals)


def _matching(find: Find, atoms: Iterable[Atom]) -> Iterator[Triple]:
    for atom in atoms:
        s, p, o = (None if isinstance(node, Var) else node for node in atom)
        yield from find(s, p, o)


def _count(term: Term) -> int | None:
    key = value_key(term) if term.startswith('"') else None
    return key[1] if key and key[0] == "decimal" and len(key) == 2 else None  # type: ignore[return-value]


class _Places:
    """The axioms in which class expressions occur, and on which side."""

    def __init__(self, find: Find) -> None:
        self.find = find
        self.held: dict[Term, dict[str, Triple]] | None = None

    def of(self, node: Term) -> dict[str, Triple]:
        """The sides on which a node occurs, ``sub`` and ``super``, with an axiom for each."""
        if self.held is None:
            self.held = self._held()
        return self.held.get(node, {})

    def _held(self) -> dict[Term, dict[str, Triple]]:
        """The sides of all class expressions, from the outermost inwards."""
        find, table = self.find, _table()
        cells = _cells(find)
        inner: dict[Term, list[tuple[Term, bool]]] = defaultdict(list)
        waiting: list[tuple[Term, str, Triple]] = []
        for words, same in ((table.same, True), (table.other, False)):
            for triple in (t for word in words for t in find(None, word, None)):
                inner[triple[0]] += [(c, same) for c in (triple[2], *_members(cells, triple[2]))]
        for triple in _matching(find, table.expressions):
            inner.setdefault(triple[0], [])
            waiting += [(triple[0], side, triple) for side in _OTHER if not is_blank(triple[0])]
        if not inner:
            return {}
        for triple in find(None, table.lists, None):
            waiting += [(member, "sub", triple) for member in _members(cells, triple[2])]
        for atom in table.stands:
            for triple in find(None, str(atom.p), None):
                bound = atom.unify(triple) or {}
                waiting += [(bound[side], side, triple) for side in _OTHER if side in bound]
        held: dict[Term, dict[str, Triple]] = {node: {} for node in inner}
        _spread(waiting, inner, held)
        for node in [node for node, sides in held.items() if "super" not in sides]:
            typed = islice(find(None, TYPE, node), 1)
            _spread([(node, "super", triple) for triple in typed], inner, held)
        return held


def _spread(
    waiting: list[tuple[Term, str, Triple]],
    inner: Mapping[Term, Iterable[tuple[Term, bool]]],
    held: dict[Term, dict[str, Triple]],
) -> None:
    """Propagate the sides of class expressions to those nested in them; changes both arguments."""
    while waiting:
        node, side, axiom = waiting.pop()
        if node in held and side not in held[node]:
            held[node][side] = axiom
            waiting += [(c, side if same else _OTHER[side], axiom) for c, same in inner[node]]


def _cells(find: Find) -> Find:
    """The triples of list cells, looked up once."""
    held: dict[tuple[Term | None, Term | None], list[Triple]] = defaultdict(list)
    for word in (FIRST, REST):
        for triple in find(None, word, None):
            held[triple[0], word].append(triple)
    return lambda s, p, o: held.get((s, p), ())


def _members(find: Find, head: Term) -> Iterator[Term]:
    """Everything in a list, in its order, however its cells are linked."""
    seen, waiting = {head, NIL}, [head]
    for cell in waiting:
        yield from (o for _, _, o in find(cell, FIRST, None))
        rest = {o for _, _, o in find(cell, REST, None)} - seen
        seen |= rest
        waiting += sorted(rest)


def _imports(find: Find, imported: Collection[Term]) -> Iterator[Unsupported]:
    """Ontologies that are imported, but neither read for that reason nor among the data."""
    others = _table().others
    for triple in find(None, _IMPORTS, None):
        name = triple[2]
        here = [*find(name, TYPE, _ONTOLOGY), *find(None, _VERSION, name)]
        if name not in imported and not here:
            yield Unsupported(others["imports"], name, triple, others["needed"]["imports"])


def _datatypes(find: Find, literals: Mapping[Term, Triple]) -> Iterator[Unsupported]:
    """Datatypes whose values no rule knows: of literals, of ranges, or declared."""
    table = _table()
    found = dict(literals)
    for triple in _matching(find, table.named):
        if triple[2] in table.outside:
            found.setdefault(triple[2], triple)
    for triple in find(None, TYPE, _DATATYPE):
        name = triple[0]
        defined = is_blank(name) or any(find(name, _SAME_CLASS, None))
        if name not in DATATYPES and not defined and not _is_range(find, name):
            found.setdefault(name, triple)
    for name, triple in found.items():
        kind = "outside" if name in table.outside else "unknown"
        needed = table.others["needed"][kind]
        yield Unsupported(table.others[kind], name, triple, needed)


def _is_range(find: Find, name: Term) -> bool:
    """Whether a datatype is defined by OWL, as an enumeration or a restriction."""
    return any(True for _, p, _ in find(name, None, None) if p.startswith(f"<{OWL}"))


@dataclass(frozen=True, slots=True)
class _Table:
    prefixes: Mapping[str, str]
    constructs: tuple[_Construct, ...]
    expressions: tuple[Atom, ...]
    stands: tuple[Atom, ...]
    lists: Term
    same: tuple[Term, ...]
    other: tuple[Term, ...]
    named: tuple[Atom, ...]
    outside: frozenset[Term]
    others: Mapping[str, Any]


@cache
def _table() -> _Table:
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    prefixes = content["prefixes"]

    def atoms(texts: list[str]) -> tuple[Atom, ...]:
        return tuple(parse_atom(text, prefixes) for text in texts)

    def terms(words: list[str]) -> tuple[Term, ...]:
        return tuple(filter(None, (expand(word, prefixes) for word in words)))

    constructs = tuple(
        _Construct(
            kind=kind,
            atoms=atoms(block["if"]),
            place=block.get("place"),
            counts=frozenset(block["counts"]) if "counts" in block else None,
            not_counts=frozenset(block.get("not-counts", ())),
            beside=expand(block.get("beside", ""), prefixes),
            outside=frozenset(terms(block.get("except", []))),
            needed=block["needed"],
        )
        for kind, block in content["constructs"].items()
    )
    places, datatypes = content["places"], content["datatypes"]
    return _Table(
        prefixes=prefixes,
        constructs=constructs,
        expressions=tuple(a for c in constructs for a in c.atoms if a.s == Var("c")),
        stands=atoms(places["stands"]),
        lists=terms([places["lists"]])[0],
        same=terms(places["same"]),
        other=terms(places["other"]),
        named=atoms(datatypes["named"]),
        outside=frozenset(terms(datatypes["outside"])),
        others=content["others"],
    )


def written(
    axiom: Triple, find: Find, prefixes: Mapping[str, str] | None = None, most: int = 160
) -> str:
    """An axiom for people, its blank nodes written as in Turtle, in at most so many characters."""
    prefixes = {**_table().prefixes, **(prefixes or {})}

    def term(node: Term, depth: int) -> str:
        found = islice(find(node, None, None), _WIDE) if is_blank(node) and depth else ()
        said = sorted(t for t in found if t[1] != TYPE)
        if any(p == FIRST for _, p, _ in said):
            members = islice(_members(find, node), _WIDE)
            return f"( {' '.join(term(member, depth - 1) for member in members)} )"
        if said:
            inner = " ; ".join(f"{term(p, 0)} {term(o, depth - 1)}" for _, p, o in said)
            return f"[ {inner} ]"
        if is_literal(node) and node.endswith(">"):
            value, _, datatype = node.rpartition("^^")
            return f"{value}^^{compact(datatype, prefixes)}"
        return "a" if node == TYPE else compact(node, prefixes)

    text = " ".join(term(node, _DEEP) for node in axiom)
    return text if len(text) <= most else f"{text[: most - 3]}..."
