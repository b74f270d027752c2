"""What the page of an ontology's terms says: the axioms of each, its place, its use in a graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from foedus.knowledge import KnowledgeGraph
from foedus.knowledge.material import build_query
from foedus.language.phrases import Phrases
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.table import RuleSet
from foedus.short import short_repr
from foedus.store.query import QuadStore
from foedus.terms import Term, Triple, compact, is_blank, is_iri, text_of

#: Headings of the kinds of terms, in the order of the page.
HEADINGS = {
    "class": "Classes",
    "object property": "Object properties",
    "data property": "Data properties",
    "annotation property": "Annotation properties",
    "individual": "Individuals",
}
#: Examples of a term, and rules that use it, that are shown.
EXAMPLES, RULES = 5, 4


@dataclass(frozen=True, slots=True)
class Link:
    """A term as it is named elsewhere on the page; without ``anchor`` it has no entry there."""

    label: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a class: from its members to ``others``, or to its members from them."""

    link: Link
    others: tuple[Link, ...]
    inwards: bool


@dataclass(frozen=True, slots=True)
class Use:
    """How often a rule has derived something of a term, and the first such step in words.

    Of a rule of the domain that has derived nothing of it, what it says in general.
    """

    rule: str
    many: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One term. ``many`` of its members or triples are in the graph, some as ``examples``."""

    kind: str
    link: Link
    curie: str
    definition: str
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    above: tuple[Link, ...]
    below: tuple[Link, ...]
    domain: tuple[Link, ...]
    range: tuple[Link, ...]
    axioms: tuple[str, ...]
    properties: tuple[Property, ...]
    many: int
    examples: tuple[str, ...]
    uses: tuple[Use, ...]

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Node:
    """A class in the tree, with those below it."""

    link: Link
    below: tuple[Node, ...]

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Ontology:
    """The whole page."""

    iri: str
    title: str
    description: str
    version: str
    licence: str
    tree: tuple[Node, ...]
    groups: tuple[tuple[str, tuple[Entry, ...]], ...]

    __repr__ = short_repr


def gather(
    graph: KnowledgeGraph, ontology: QuadStore, proofs: Iterable[tuple[Triple, Proof]]
) -> Ontology:
    """What the page says of an ontology, with examples from a graph and from its ``proofs``."""
    return _Gathering(graph, ontology, proofs).ontology()


class _Gathering:
    def __init__(
        self, graph: KnowledgeGraph, ontology: QuadStore, proofs: Iterable[tuple[Triple, Proof]]
    ) -> None:
        self.graph = graph
        self.header = next(iter(ontology.query(build_query("header")).dicts()), {})
        self.phrases: Phrases = graph.explainer.phrases
        self.rules: RuleSet = graph.explainer.rules
        self.kinds: dict[tuple[Term, str], dict[str, str]] = {}
        self.notes: dict[Term, dict[Term, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for row in ontology.query(build_query("terms")).dicts():
            kind, label = text_of(row["kind"]), text_of(row["label"])
            definition = text_of(row["definition"]) if "definition" in row else ""
            self.kinds[row["term"], kind] = {"label": label, "definition": definition}
            if "property" in row:
                self.notes[row["term"]][row["property"]][text_of(row["value"])] = None
        self.labels = {term: said["label"] for (term, _), said in self.kinds.items()}
        # A class without a name is called by its parts, and those as the ontology's file has them.
        axioms = Phrases(
            graph.names,
            lambda s, p, o: (ontology if s and is_blank(s) else graph.view).match(s, p, o),
        )
        self.axioms: dict[Term, list[str]] = defaultdict(list)
        for row in ontology.query(build_query("term-axioms")).dicts():
            sentence = axioms.sentence((row["s"], row["p"], row["o"]))
            self.axioms[row["term"]].append(sentence)
        self.links: dict[tuple[str, Term], list[Term]] = defaultdict(list)
        opposite = {"above": "below", "from": "leaves", "to": "reaches"}
        for row in ontology.query(build_query("term-links")).dicts():
            how = text_of(row["how"])
            self.links[how, row["term"]].append(row["other"])
            self.links[opposite[how], row["other"]].append(row["term"])
        self.uses = self._uses(proofs)

    def ontology(self) -> Ontology:
        """All of the page, classes in the order of their tree."""
        classes = self._by_label(t for t, kind in self.kinds if kind == "class")
        tops = [c for c in classes if not self.labels.keys() & self.links["above", c]]
        tree: list[Node] = []
        order: dict[str, int] = {}
        for term in (*tops, *classes):  # classes in a circle are below no other, nor on top
            if self._link(term).anchor not in order:
                tree.append(self._node(term, frozenset()))
                for anchor in _walk(tree[-1]):
                    order.setdefault(anchor, len(order))
        groups = []
        for kind, heading in HEADINGS.items():
            entries = [self._entry(term, k) for term, k in self.kinds if k == kind]
            if kind == "class":
                entries.sort(key=lambda e: order[e.link.anchor])
            if entries:
                groups.append((heading, tuple(entries)))
        said = dict.fromkeys(("iri", "title", "description", "version", "licence"), "")
        said |= {name: text_of(value) for name, value in self.header.items()}
        return Ontology(**said, tree=tuple(tree), groups=tuple(groups))

    def _by_label(self, terms: Iterable[Term]) -> list[Term]:
        return sorted(dict.fromkeys(terms), key=lambda t: (self._link(t).label.casefold(), t))

    def _node(self, term: Term, above: frozenset[Term]) -> Node:
        below = self._by_label(self.links["below", term])
        seen = above | {term}
        return Node(self._link(term), tuple(self._node(t, seen) for t in below if t not in seen))

    def _link(self, term: Term) -> Link:
        if term in self.labels:
            return Link(self.labels[term], _anchor(term))
        return Link(compact(term, self.graph.prefixes))

    def _linked(self, how: str, term: Term) -> tuple[Link, ...]:
        return tuple(map(self._link, self._by_label(self.links[how, term])))

    def _entry(self, term: Term, kind: str) -> Entry:
        examples, many = self._members(term) if kind == "class" else self._triples(term)
        return Entry(
            kind,
            self._link(term),
            compact(term, self.graph.prefixes),
            self.kinds[term, kind]["definition"],
            tuple((self._link(p).label, tuple(said)) for p, said in self.notes[term].items()),
            self._linked("above", term),
            self._linked("below", term),
            self._linked("from", term),
            self._linked("to", term),
            tuple(dict.fromkeys(self.axioms[term])),
            (*self._properties("leaves", "to", term), *self._properties("reaches", "from", term)),
            many,
            tuple(examples),
            self.uses.get(term, ()),
        )

    def _properties(self, how: str, far: str, term: Term) -> Iterable[Property]:
        both = self.links["leaves", term] if far == "from" else ()
        for prop in self._by_label(p for p in self.links[how, term] if p not in both):
            yield Property(self._link(prop), self._linked(far, prop), far == "from")

    def _members(self, term: Term) -> tuple[list[str], int]:
        """Some members of a class, those first that are of no class below it, and how many."""
        found = self._instances(term)
        special = {m for below in self.links["below", term] for m in self._instances(below)}
        named = sorted((m in special, self.phrases.label(m).casefold(), m) for m in found)
        return [self.phrases.label(m) for _, _, m in named[:EXAMPLES]], len(named)

    def _instances(self, term: Term) -> set[Term]:
        found = self.graph.view.match(None, self.phrases.kind_of, term)
        return {s for s, _, _ in found if is_iri(s)}

    def _triples(self, term: Term) -> tuple[list[str], int]:
        """Some triples of a property in words, the asserted ones first, and how many."""
        asserted = self.graph.asserted
        found = [t for t in self.graph.view.match(None, term, None) if t[0] not in self.labels]
        found.sort(key=lambda t: (t not in asserted, t))
        return list(map(self.phrases.sentence, found[:EXAMPLES])), len(found)

    def _uses(self, proofs: Iterable[tuple[Triple, Proof]]) -> Mapping[Term, tuple[Use, ...]]:
        """By which rules something was derived of each term, most used first."""
        counts: dict[Term, Counter[str]] = defaultdict(Counter)
        first: dict[tuple[Term, str], Proof] = {}
        for triple, proof in proofs:
            if triple[0] in self.labels or is_blank(triple[0]) or proof.rule is None:
                continue
            said = (triple, *(p.triple for p in proof.premises if p.triple))
            for term in {t for parts in said for t in parts} & self.labels.keys():
                counts[term][proof.rule] += 1
                first.setdefault((term, proof.rule), proof)
        for rule in (rule for rule in self.rules if rule.table is None):
            atoms = (*rule.premises, *(rule.conclusions or ()))
            for term in {str(t) for atom in atoms for t in atom} & self.labels.keys():
                counts[term][rule.id] += 0
        return {term: tuple(self._use(term, found, first)) for term, found in counts.items()}

    def _use(
        self, term: Term, counts: Counter[str], first: Mapping[tuple[Term, str], Proof]
    ) -> Iterator[Use]:
        most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:RULES]
        for rule, many in most:
            told = self.graph.explainer.tell(first[term, rule]).because if many else ""
            yield Use(rule, many, told or self.rules[rule].law)


def _walk(node: Node) -> Iterable[str]:
    yield node.link.anchor
    for below in node.below:
        yield from _walk(below)


def _anchor(term: Term) -> str:
    """The part of an IRI behind the last # or /, which browsers look for on the page."""
    return text_of(term).replace("#", "/").rsplit("/", 1)[1]
