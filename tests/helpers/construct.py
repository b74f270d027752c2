"""A second witness: the rules as SPARQL CONSTRUCT queries, run in pyoxigraph until nothing is new.

RDF stores hold no literal subjects and no blank predicates, and the rules are about both; so every
term stands in the store as an IRI of its own, and what literals stand for is said in a graph beside
(``in`` a datatype, its ``value``, ``missing``). A rule about a list becomes a query for
each length that the data has. Nothing here is shared with the engines but the table itself and
``datatypes.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import pyoxigraph as ox

from foedus.reasoning.rules.datatypes import (
    DATATYPES,
    datatypes_of,
    in_datatype,
    is_ill_typed,
    value_key,
)
from foedus.reasoning.rules.table import Atom, Before, Node, Rule, RuleSet, ValueTest, Var
from foedus.terms import Term, Triple, is_iri, is_literal

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FACTS = ox.NamedNode("urn:facts")


class Coding:
    """IRIs for terms, and back."""

    def __init__(self) -> None:
        self.iris: dict[Term, str] = {}
        self.terms: dict[str, Term] = {}

    def iri(self, term: Term) -> str:
        if is_iri(term):
            return term
        code = self.iris.setdefault(term, f"<urn:term:{len(self.iris)}>")
        self.terms[code] = term
        return code

    def term(self, node: object) -> Term:
        return self.terms.get(str(node), str(node))


def fixpoint(data: Iterable[Triple], rules: RuleSet) -> tuple[set[Triple], set[str]]:
    """Every triple that takes part in the end, and the names of the rules that find a clash."""
    data, coding, store = list(data), Coding(), ox.Store()
    for triple in data:
        store.add(ox.Quad(*(ox.NamedNode(coding.iri(term)[1:-1]) for term in triple)))
    literals = {term for triple in data for term in triple if is_literal(term)}
    constants = {n for r in rules for a in r.premises for n in a if _is_constant(n)}
    for s, p, o in _said(literals, constants):
        nodes = [ox.NamedNode(coding.iri(term)[1:-1]) for term in (s, f"<urn:{p}>", o)]
        store.add(ox.Quad(*nodes, FACTS))
    heads = [query for rule in rules for query in queries(rule, _lengths(data), coding)]
    before = -1
    while before != len(store):
        before = len(store)
        for rule, body in heads:
            if rule.conclusions is not None:
                made = store.query(f"CONSTRUCT {{ {_then(rule, body)} }} WHERE {{ {body.where} }}")
                store.extend([ox.Quad(t.subject, t.predicate, t.object) for t in made])
    clashes = {
        rule.id
        for rule, body in heads
        if rule.conclusions is None and bool(store.query(f"ASK {{ {body.where} }}"))
    }
    found = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    triples = {
        (coding.term(q.subject), coding.term(q.predicate), coding.term(q.object)) for q in found
    }
    return triples, clashes


def _lengths(data: list[Triple]) -> set[int]:
    """How long the lists are that triples speak of, in every way to read them."""
    tails: dict[Term, set[Term]] = {}
    for s, p, o in data:
        if p == f"<{RDF}rest>":
            tails.setdefault(s, set()).add(o)

    def walk(cell: Term, seen: tuple[Term, ...]) -> Iterator[int]:
        if cell == f"<{RDF}nil>":
            yield len(seen)
        elif cell not in seen:
            for tail in tails.get(cell, ()):
                yield from walk(tail, (*seen, cell))

    heads = {o for _, p, o in data if p != f"<{RDF}rest>"} & tails.keys()
    return {length for head in heads for length in walk(head, ())}


def _is_constant(node: Node) -> bool:
    return isinstance(node, str) and is_literal(node)


def _said(literals: set[Term], constants: set[Node]) -> Iterator[tuple[Term, str, Term]]:
    """What is said of literals beside the data."""
    for v in literals:
        for d in datatypes_of(v):
            yield v, "in", d
        if is_ill_typed(v):
            yield v, "missing", "<urn:yes>"
        for d in DATATYPES:
            if in_datatype(v, d) is False:
                yield v, "outside", d
        if value_key(v) is not None:
            yield v, "value", f"<urn:value:{hash(value_key(v))}>"
        yield v, "mark", f"<urn:value:{hash(value_key(v) or v)}>"
        for c in constants:
            if value_key(v) == value_key(str(c)):
                yield v, "written", str(c)


def _indexed(atom: Atom) -> bool:
    return any(isinstance(node, Var) and bool(node.index) for node in atom)


class Body:
    """The WHERE part of a query for one length of the list and one choice of members."""

    def __init__(self, rule: Rule, size: int, chosen: dict[str, int], coding: Coding) -> None:
        self.rule, self.size, self.chosen, self.coding = rule, size, chosen, coding
        self.extra: list[str] = []
        heads = {listed.head for listed in rule.lists}
        ordered = sorted(rule.premises, key=lambda a: (_indexed(a), a.o not in heads))
        parts = [self.atom(a, k) for a in ordered for k in (range(1, size + 1) if a.each else [0])]
        plain = sum(not _indexed(a) for a in ordered)
        lists = list(self.list())
        self.where = " ".join([*parts[:plain], *lists, *parts[plain:], *self.tests(), *self.extra])

    def node(self, node: Node, here: int = 0) -> str:
        if not isinstance(node, Var):
            return self.coding.iri(node)
        if not node.index:
            return f"?{node.name}"
        number = {"n": self.size, **self.chosen}.get(node.index, here)
        number = int(node.index) if node.index.isdigit() else number
        return f"?{node.name}_{number + node.shift}"

    def atom(self, atom: Atom, here: int = 0) -> str:
        s, p, o = (self.node(node, here) for node in atom)
        if _is_constant(atom.o):
            self.extra.append(f"GRAPH <urn:facts> {{ ?written <urn:written> {o} }}")
            o = "?written"
        return f"{s} {p} {o} ."

    def list(self) -> Iterator[str]:
        for listed in self.rule.lists:
            names = [f"?{listed.head.name}", *(f"?cell{k}" for k in range(2, self.size + 1))]
            for k, (cell, after) in enumerate(zip(names, [*names[1:], f"<{RDF}nil>"], strict=True)):
                yield f"{cell} <{RDF}first> ?{listed.member}_{k + 1} . {cell} <{RDF}rest> {after} ."
            for a, b in product(names, names):
                if a < b:
                    yield f"FILTER({a} != {b})"
            yield from (f"FILTER({cell} != <{RDF}nil>)" for cell in names)

    def tests(self) -> Iterator[str]:
        same = "<http://www.w3.org/2002/07/owl#sameAs>"
        for test in self.rule.tests:
            if isinstance(test, ValueTest):
                v, w = f"?{test.left.name}", f"?{test.right.name}" if test.right else ""
                if test.kind == "!=":  # asked for among literals that came out as one
                    yield f"{v} {same} {w} ."
                    yield _facts(f"{v} <urn:value> ?k . {w} <urn:value> ?l") + " FILTER(?k != ?l)"
                elif test.kind == "=":
                    yield _facts(f"{v} <urn:mark> ?k . {w} <urn:mark> ?k")
                elif test.kind == "missing":
                    yield _facts(f"{v} <urn:missing> <urn:yes>")
                else:
                    word = "in" if test.kind == "in" else "outside"
                    yield _facts(f"{v} <urn:{word}> {w}")


def _facts(pattern: str) -> str:
    return f"GRAPH <urn:facts> {{ {pattern} }}"


def queries(rule: Rule, lengths: set[int], coding: Coding) -> list[tuple[Rule, Body]]:
    """The bodies of a rule: one, or one for each length and choice of members."""
    if not rule.lists:
        return [(rule, Body(rule, 0, {}, coding))]
    made = []
    for size in sorted(lengths):
        for numbers in product(range(1, size + 1), repeat=len(rule.picks)):
            chosen = dict(zip(rule.picks, numbers, strict=True))
            orders = [test for test in rule.tests if isinstance(test, Before)]
            if all(chosen[test.left] < chosen[test.right] for test in orders):
                made.append((rule, Body(rule, size, chosen, coding)))
    return made


def _then(rule: Rule, body: Body) -> str:
    return " ".join(
        f"{body.node(a.s)} {body.node(a.p)} {body.node(a.o)} ." for a in rule.conclusions or ()
    )
