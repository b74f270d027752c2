"""Explains what one graph holds: a triple by its proofs, a row by what it rests on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from foedus.errors import UnknownName, UsageError
from foedus.names import Names
from foedus.phrases import Phrases, listed
from foedus.reasoning.rules import RuleSet, ruleset
from foedus.terms import Term, Triple, expand, is_literal, literal, split_literal, text_of
from foedus.why.forms import said_by
from foedus.why.origins import Origins, claim_contents
from foedus.why.steps import Explanation, Miss, Origin, Step, explain

if TYPE_CHECKING:
    from foedus.reasoning.matching import Pattern
    from foedus.reasoning.proof import Proof
    from foedus.resources import Folders
    from foedus.sparql.scope import Row
    from foedus.store.query import QuadStore
    from foedus.why.missing import NearMiss
    from foedus.why.rows import Rows, RowSupport

#: Proofs that ``--all`` looks for at most.
PROOFS = 24
#: Near misses, and statements about the same things, that are told.
MISSES, KNOWN = 3, 4
#: Rules whose premise only says the conclusion in other words: what they lack is no news.
SAYING_THE_SAME = {
    "prp-inv1",
    "prp-inv2",
    "prp-symp",
    "prp-eqp1",
    "prp-eqp2",
    "cax-eqc1",
    "cax-eqc2",
    "eq-sym",
}


class Known(Protocol):
    """What is needed of a graph; `foedus.knowledge.KnowledgeGraph` has it."""

    @property
    def view(self) -> QuadStore: ...
    def graphs(self, triple: Triple) -> Collection[Term]: ...
    @property
    def names(self) -> Names: ...
    @property
    def prefixes(self) -> Mapping[str, str]: ...
    @property
    def folders(self) -> Folders: ...
    @property
    def asserted(self) -> Collection[Triple]: ...
    def proof(self, triple: Triple) -> Proof | None: ...


class Explainer:
    """Explains one graph. ``added`` are triples of the moment and where they come from."""

    def __init__(self, graph: Known, added: Mapping[Triple, Origin] | None = None) -> None:
        self.graph = graph
        self.origins = Origins(graph.view, graph.graphs, graph.names, graph.prefixes, added)
        self.phrases = Phrases(graph.names, graph.view.match)
        self._told: dict[Triple, Step] = {}
        self._found: dict[Pattern, tuple[Triple, ...]] = {}

    @cached_property
    def rules(self) -> RuleSet:
        """The rules of the graph: OWL 2 RL and the domain's own."""
        own = self.graph.folders.ontology / "rules.toml"
        return ruleset(extra=[own] if own.is_file() else [])

    def find(self, s: Term | None, p: Term | None, o: Term | None) -> tuple[Triple, ...]:
        """The triples of the graph that fit, sorted; None stands for anything."""
        if (s, p, o) not in self._found:
            self._found[s, p, o] = tuple(sorted(self.graph.view.match(s, p, o)))
        return self._found[s, p, o]

    def resolve(self, subject: str, predicate: str, object: str) -> Triple:
        """The triple that three names stand for: labels, aliases, CURIEs or IRIs.

        Raises `UnknownName` with the near names, `UsageError` for a variable.
        """
        for text in (subject, predicate, object):
            if text.startswith(("?", "$")):
                raise UsageError(
                    f"'{text}' is a variable, and 'why' is asked of one triple; name a thing "
                    "instead, or ask with 'foedus query --why'"
                )
        thing, kind = self.graph.names.resolve(subject), self.phrases.is_kind(predicate)
        if kind:
            return thing, kind, self.graph.names.resolve(object, "class")
        said = self._property(predicate)
        return thing, said, self._literal(said, object) or self.graph.names.resolve(object)

    def _property(self, text: str) -> Term:
        """The property of that name, or of that CURIE if the graph uses it (``owl:sameAs``)."""
        curie = expand(text.strip(), self.graph.prefixes)
        if curie and next(self.graph.view.match(None, curie), None):
            return curie
        return _property(self.graph.names, text)

    def _literal(self, said: Term, text: str) -> Term | None:
        """The literal that is written so: one the graph has with the property, else a new one."""
        values = {o for _, _, o in self.graph.view.match(None, said) if is_literal(o)}
        same = sorted(o for o in values if text_of(o) == text)
        if same or not values:
            return same[0] if same else None
        datatype = split_literal(min(values))[1]
        return literal(text, datatype)

    def why(self, triple: Triple, every: bool = False) -> Explanation:
        """Why a triple holds: one proof, or ``every`` proof; or why it does not."""
        sentence = self.phrases.sentence(triple)
        claims = self._claimed(triple)
        one = self.prove(triple)
        proofs = tuple(self.proofs(triple) if one and every else filter(None, [one]))
        if proofs:
            return Explanation(triple, sentence, proofs, tuple(claims))
        misses = tuple(map(self._miss, self._nearest(triple)))
        known = tuple(islice(self._stated_of(triple), KNOWN))
        return Explanation(triple, sentence, (), tuple(claims), misses, known)

    def proofs(self, triple: Triple) -> Iterator[Step]:
        """The proofs of a triple in words, smallest first."""
        from foedus.reasoning.held import Held

        held = Held(self.rules, self.find, self.is_asserted, self.graph.proof)
        return map(self.tell, held.proofs(triple, PROOFS))

    def is_asserted(self, triple: Triple) -> bool:
        """Whether a triple is stated somewhere."""
        return self.origins(triple) is not None

    def prove(self, triple: Triple) -> Step | None:
        """One proof of a triple in words; a single step where it is asserted."""
        if triple not in self._told:
            origin = self.origins(triple)
            if origin:
                hidden = self.phrases.is_structure(triple)
                sentence = self.phrases.sentence(triple)
                self._told[triple] = Step(triple, sentence, origin=origin, structure=hidden)
            else:
                proof = self.graph.proof(triple)
                if proof is None:
                    return None
                self._told[triple] = self.tell(proof)
        return self._told[triple]

    def tell(self, proof: Proof) -> Step:
        """A proof in words."""
        return explain(proof, self.phrases, self.rules, self.origins)

    @cached_property
    def rows(self) -> Rows:
        """The support of rows in this graph."""
        from foedus.why.rows import Rows

        return Rows(
            self.graph.view,
            self.phrases,
            self.origins,
            self.is_asserted,
            self.prove,
        )

    def support(self, query: str, row: Row) -> RowSupport:
        """What one row of a query's answer rests on."""
        return self.rows.support(query, row)

    # -- what is not so ------------------------------------------------------------------------

    def _nearest(self, triple: Triple) -> list[NearMiss]:
        """The nearest misses: those for which something was found, and one for each rule."""
        from foedus.why.missing import near_misses

        every = near_misses(triple, self.rules, self.find)
        found = [m for m in every if m.rule not in SAYING_THE_SAME]
        told = {(m.rule, m.axioms): m for m in reversed(found) if m.found or len(m.missing) == 1}
        return sorted(told.values(), key=lambda m: m.rank)[:MISSES]

    def _miss(self, miss: NearMiss) -> Miss:
        found = tuple(step for t in miss.found if (step := self.prove(t)))
        missing = tuple(map(self.open_sentence, miss.missing))
        axioms = [self.phrases.sentence(t) for t in miss.axioms if not self.phrases.is_structure(t)]
        # A domain rule has no axioms to tell; its note says why it is one.
        says = listed(axioms) or next((r.note for r in self.rules if r.id == miss.rule), "")
        return Miss(miss.rule, says.rstrip("."), found, missing)

    def _stated_of(self, triple: Triple) -> Iterator[Step]:
        """What is stated of the subject and the object together, then of the subject's kind."""
        s, _, o = triple
        match = self.graph.view.match
        direct = sorted([*match(s, None, o), *match(o, None, s)])
        around = {t[0]: t for t in match(None, None, s)} if s != o else {}
        near = [x for t in match(None, None, o) if t[0] in around for x in (around[t[0]], t)]
        kinds = sorted(t for t in match(s) if self.phrases.is_kind_of(t))
        for found in dict.fromkeys((*direct, *near, *kinds)):
            if self.phrases.is_fact(found) and self.origins(found) and (step := self.prove(found)):
                yield step

    def open_sentence(self, pattern: tuple[Term | None, Term | None, Term | None]) -> str:
        """A triple as a sentence, with "something" for what is open."""
        s, p, o = ("something" if t is None else self.phrases.label(t) for t in pattern)
        if all(pattern):
            return self.phrases.sentence(pattern)  # type: ignore[arg-type]
        return f"{s} {p} {o}"

    def _claimed(self, triple: Triple) -> Iterator[str]:
        """Who claims a triple, if anybody does."""
        for claim in claim_contents(self.graph.view).get(triple, ()):
            for passage in self.origins.words_of(claim):
                speaker, *_ = passage.speakers
                way = said_by(passage.speakers)[len(speaker) :]
                yield (
                    f"{speaker} says so{way} ({passage.place}: “{passage.quote}”); "
                    "it is a claim, not a fact of this graph"
                )


def _property(names: Names, text: str) -> Term:
    """The property of that label, without the "is a" or "has the" that proofs put before it."""
    bare = re.sub(r"^(?:is|are|was|has|have) (?:(?:an?|the) )?", "", text.strip())
    try:
        return names.resolve(text, "property")
    except UnknownName:
        if bare == text.strip():
            raise
        return names.resolve(bare, "property")
