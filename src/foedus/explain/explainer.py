"""Explains what one graph holds: a triple by its proofs, a row by what it rests on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from foedus.errors import UnknownName, UsageError
from foedus.explain.origins import Origins, claim_contents
from foedus.explain.steps import Explanation, Miss, Origin, Step, explain
from foedus.language.names import Names
from foedus.language.phrases import Phrases, listed
from foedus.language.prose import said_by
from foedus.reasoning.rules.table import RuleSet, ruleset
from foedus.terms import Pattern, Term, Triple, expand, is_literal, literal, split_literal, text_of

if TYPE_CHECKING:
    from foedus.explain.missing import NearMiss
    from foedus.explain.rows import Rows, RowSupport
    from foedus.provenance.scope import Row
    from foedus.reasoning.rules.proof import Proof
    from foedus.resources import Folders
    from foedus.store.query import QuadStore, Result

#: Proofs that ``--all`` looks for at most.
PROOFS = 24
#: Near misses, statements about the same things, and those of the same form, that are told.
MISSES, KNOWN, LIKE = 3, 5, 2
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
    "eq-rep-s",
    "eq-rep-p",
    "eq-rep-o",
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
        thing = self.graph.names.resolve(subject)
        if self.phrases.is_kind(predicate):
            return thing, self.phrases.kind_of, self._kind(object)
        said = self._property(predicate)
        return thing, said, self._literal(said, object) or self.graph.names.resolve(object)

    def _kind(self, text: str) -> Term:
        """The class of that name; raises `UnknownName` for what nothing is a kind of."""
        names, kind = self.graph.names, self.phrases.kind_of
        curie = expand(text.strip(), self.graph.prefixes)
        if curie and (self.find(None, kind, curie) or self.rules.is_trivial((curie, kind, curie))):
            return curie
        found = names.resolve(text, "class")
        if not names.is_a(found, "class"):
            raise UnknownName("kind of thing", text, names.near(text, kind="class"))
        return found

    def _property(self, text: str) -> Term:
        """The property of that name, or of that CURIE if the graph uses it (``owl:sameAs``).

        The label may have the "is a" or "has the" that proofs put before it.
        """
        names, text = self.graph.names, text.strip()
        curie = expand(text, self.graph.prefixes)
        if curie and next(self.graph.view.match(None, curie), None):
            return curie
        for said in (text, re.sub(r"^(?:is|are|was|has|have) (?:(?:an?|the) )?", "", text)):
            with suppress(UnknownName):
                found = names.resolve(said, "property")
                if names.is_a(found, "property"):
                    return found
        raise UnknownName("property", text, names.near(text, kind="property"))

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
        sentence, one = self.phrases.sentence(triple), self.prove(triple)
        if one is None and self.rules.is_trivial(triple):  # true of everything, and not stored
            one = Step(triple, sentence, origin=Origin("meaning"))
            return Explanation(triple, sentence, (one,))
        claims = tuple(self._claimed(triple, one is not None))
        if one is None:
            misses = tuple(filter(None, map(self._miss, self._nearest(triple))))[:MISSES]
            known = tuple(islice(self._stated_of(triple), KNOWN))
            return Explanation(triple, sentence, (), claims, misses, known)
        proofs = tuple(self.proofs(triple)) if every else (one,)
        trusted = any(leaf.origin and leaf.origin.believed for leaf in one.leaves())
        return Explanation(triple, sentence, proofs, () if trusted else claims)

    def proofs(self, triple: Triple) -> Iterator[Step]:
        """The proofs of a triple in words, smallest first."""
        from foedus.reasoning.proofs.graph_proofs import GraphDerivations

        held = GraphDerivations(self.rules, self.find, self.is_asserted, self.graph.proof)
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

    def tell(self, proof: Proof, supposed: Mapping[Triple, Origin] | None = None) -> Step:
        """A proof in words; ``supposed`` says where triples come from that are not the graph's."""

        def origin(triple: Triple) -> Origin | None:
            return self.origins(triple) or (supposed or {}).get(triple)

        return explain(proof, self.phrases, self.rules, origin)

    @cached_property
    def rows(self) -> Rows:
        """The support of rows in this graph."""
        from foedus.explain.rows import Rows

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

    def support_of(self, sparql: str, result: Result) -> tuple[RowSupport, ...]:
        """What each row or triple of a query's result on the view rests on; or an ASK's answer."""
        known = "".join(f"PREFIX {name}: <{base}>\n" for name, base in self.graph.prefixes.items())
        if result.kind == "triples":
            of_triple = self.rows.support_of
            return tuple(of_triple(known + sparql, triple) for triple in result.triples)
        rows: Iterable[Row] = [{}]
        if result.kind == "rows":
            rows = (dict(zip(result.variables, row, strict=True)) for row in result.rows)
        return tuple(self.support(known + sparql, row) for row in rows)

    # -- what is not so ------------------------------------------------------------------------

    def _nearest(self, triple: Triple) -> list[NearMiss]:
        """The nearest misses: those for which something was found, and one for each rule."""
        from foedus.explain.missing import near_misses

        every = near_misses(triple, self.rules, self.find)
        told: dict[tuple[str, tuple[Triple, ...]], NearMiss] = {}
        for miss in sorted(every, key=lambda m: (m.rank, not self._is_usual(m))):
            if (miss.found or len(miss.missing) == 1) and self._is_news(miss, triple):
                told.setdefault((miss.rule, miss.axioms), miss)
        return [*told.values()]

    def _is_news(self, miss: NearMiss, triple: Triple) -> bool:
        """Whether a reader learns something from what is missing."""
        odd = triple[0] != triple[2] and any(p[0] == p[2] is not None for p in miss.missing)
        hidden = any(map(self.phrases.is_plumbing, miss.missing))
        return miss.rule not in SAYING_THE_SAME and not odd and not hidden

    def _is_usual(self, miss: NearMiss) -> bool:
        """Whether what is missing is the like of something that is known of the same things."""
        return all(s and self.find(s, p, None) for s, p, _ in miss.missing)

    def _miss(self, miss: NearMiss) -> Miss | None:
        """A near miss in words; None where the rule says nothing of its own."""
        axioms = [self.phrases.sentence(t) for t in miss.axioms if not self.phrases.is_structure(t)]
        says = listed(axioms) or self.rules[miss.rule].law
        if not says:
            return None
        shown = (t for t in miss.found if not self.phrases.is_plumbing(t))
        found = tuple(step for t in shown if (step := self.prove(t)))
        return Miss(miss.rule, says, found, tuple(map(self.open_sentence, miss.missing)))

    def _stated_of(self, triple: Triple) -> Iterator[Step]:
        """What is stated instead, of the subject and the object together, and of their kinds."""
        s, p, o = triple
        others = (*self.find(s, p, None)[:LIKE], *self.find(None, p, o)[:LIKE])
        others = () if self.phrases.is_kind_of(triple) else others
        direct = [*self.find(s, None, o), *self.find(o, None, s)]
        around = {t[0]: t for t in self.find(None, None, s)} if s != o else {}
        near = [x for t in self.find(None, None, o) if t[0] in around for x in (around[t[0]], t)]
        kinds = [t for t in self.find(s, None, None) if self.phrases.is_kind_of(t)]
        for found in dict.fromkeys((*others, *direct, *near, *kinds)):
            known = found in others or self.is_asserted(found)
            if known and self.phrases.is_fact(found) and (step := self.prove(found)):
                yield step

    def open_sentence(self, pattern: Pattern) -> str:
        """A triple as a sentence, with "something" for what is open."""
        s, p, o = (t or "?something" for t in pattern)
        return self.phrases.sentence((s, p, o))

    def _claimed(self, triple: Triple, holds: bool) -> Iterator[str]:
        """Who claims a triple, if anybody does."""
        so = "says so too" if holds else "says so"
        end = "" if holds else "; it is a claim, not a fact of this graph"
        for claim in claim_contents(self.graph.view).get(triple, ()):
            origin = self.origins.believing(claim)
            for p in origin.passages:
                way = said_by(p.speakers)[len(p.speakers[0]) :]
                yield f"{p.speakers[0]} {so}{way} ({p.quoted(by=False)}){end}"
            if not origin.passages:
                yield f"{listed(origin.believed)} {so} ({'; '.join(origin.sources)}){end}"
