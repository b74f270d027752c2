"""A closed graph with everything that can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foedus.errors import InputError, UsageError
from foedus.knowledge.days import Days, as_of, fluents
from foedus.knowledge.folder import (
    DATASET,
    NAMES,
    PROOFS,
    VIEW,
    Manifest,
    NamedGraphs,
    kept,
    read_manifest,
    refuse_foreign,
    write_folder,
)
from foedus.knowledge.making import Progress, close, make, read_names, viewed
from foedus.knowledge.material import Material, fingerprints
from foedus.knowledge.proofs import KeptProofs, dump
from foedus.knowledge.questions import ON, Question, Value, find_question, read_questions
from foedus.language.names import Names
from foedus.resources import Folders, folders
from foedus.short import brief
from foedus.sparql.guard import QUERY, tokens
from foedus.store.query import QuadStore, Result
from foedus.terms import Quad, Term, Triple, expand

if TYPE_CHECKING:
    from foedus.explain.checking import Proved
    from foedus.explain.explainer import Explainer
    from foedus.explain.rows import RowSupport
    from foedus.knowledge.checks import Finding
    from foedus.reasoning.rules.proof import Proof
    from foedus.store.convert import RdflibGraph


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave: the question, the values it was asked with, and the result.

    ``on`` is the time of which it tells, where relations are asked for that begin and end.
    """

    question: Question
    values: Mapping[str, str]
    sparql: str
    result: Result
    on: str | None = None

    def __repr__(self) -> str:
        values = "".join(f", {name}={brief(value)}" for name, value in self.values.items())
        return f"<Answer to {self.question.slug!r}{values}: {self.result!r}>"

    def phrase(self, names: Names) -> str:
        """The question in words, with the names of what it was asked about."""

        def label(value: str) -> str:
            try:
                return names.label(names.resolve(value))
            except UsageError:  # a date, a number or words
                return value

        return self.question.phrase(self.values, label)


class KnowledgeGraph:
    """Facts, claims and what follows from them, closed under the rules.

    Make one with `build` or `open`. ``view`` holds every triple in one graph; ``dataset`` holds the
    named graphs, with the view as default graph. Neither is changed by any method.

    >>> graph = KnowledgeGraph.build()
    >>> graph.names.resolve("DPRK")
    '<https://w3id.org/foedus/id/NorthKorea>'
    """

    def __init__(self, manifest: Manifest, folders: Folders, view: QuadStore) -> None:
        self.manifest, self.folders, self.view = manifest, folders, view
        self.prefixes: dict[str, str] = dict(manifest.prefixes)
        self._place: Path | None = None
        self._material: Material | None = None
        self._closure: Any = None
        self._proved: Any = None

    def __repr__(self) -> str:
        place = f"opened from {str(self._place)!r}" if self._place else "in memory"
        return f"<KnowledgeGraph of {len(self.view):,} triples, {place}>"

    @classmethod
    def build(
        cls,
        data: str | os.PathLike[str] | None = None,
        *,
        background: bool = True,
        believe: Iterable[str] = (),
        reasoner: str = "foedus",
        progress: Progress | None = None,
        on: str | None = None,
    ) -> KnowledgeGraph:
        """A graph made in memory from its files, checked while it is read.

        ``data`` holds ``ontology``, ``graph`` and ``queries``; without it they are the
        installation's own. ``believe`` names speakers whose claims are taken as facts. ``on`` is
        the time, in EDTF, whose relations the view holds; without it, the day of which the sources
        speak.
        """
        parts = make(folders(data), background, tuple(believe), reasoner, progress, on)
        made = cls(parts.manifest, parts.material.folders, parts.view)
        made._material, made._closure = parts.material, parts.closure
        return made

    @classmethod
    def open(
        cls, place: str | os.PathLike[str], data: str | os.PathLike[str] | None = None
    ) -> KnowledgeGraph:
        """The graph in a build folder; raises `InputError` if it is missing or not whole."""
        place = Path(place)
        manifest = read_manifest(place)
        made = cls(manifest, folders(data), QuadStore.load(place / VIEW))
        made._place = place
        return made

    def save(self, out: str | os.PathLike[str]) -> None:
        """Write the graph into a build folder, whole or not at all."""
        out = Path(out)
        refuse_foreign(out)
        derived = sorted(t for t in self.view.match() if t not in self.asserted)
        # Fluents first: as a step of another proof, one may be found by a way that has lapsed.
        derived.sort(key=lambda t: t[1] not in self.fluents)
        proofs = dump(map(self._on_its_day, self._proving.proofs_of(derived)))
        names = self.names.dump()
        write_folder(out, self.manifest, self.view.match(), self.dataset.quads(), proofs, names)

    @property
    def is_stale(self) -> bool:
        """Whether a file that the graph was made from has changed since."""
        return fingerprints(self.folders, self.manifest.background) != self.manifest.inputs

    @cached_property
    def names(self) -> Names:
        """What everything is called; a build has it in its folder."""
        if self._place is not None:
            with kept(self._place / NAMES) as text:
                return Names.load(text, self.prefixes)
        return read_names(
            self.view, self.prefixes, lambda t: set(self.graphs(t)) <= {self.derived_graph}
        )

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The canned questions by slug."""
        return read_questions(self.folders.queries)

    @cached_property
    def dataset(self) -> QuadStore:
        """Every named graph, with the view as default graph."""
        if self._place is not None:
            return QuadStore.load(self._place / DATASET)
        made = QuadStore.of(self.view.match())
        made.add(self._named())
        return made

    @cached_property
    def derived_graph(self) -> Term:
        """The name of the graph of what was derived."""
        return expand("src:derived", self.prefixes) or ""

    @cached_property
    def asserted(self) -> frozenset[Triple]:
        """The triples that a file states; all others are derived."""
        if self._closure is not None:
            return frozenset(self._closure.asserted)
        quads = self.dataset.quads()
        return frozenset(q[:3] for q in quads if q[3] not in (None, self.derived_graph))

    @property
    def closure(self) -> Any:
        """The reasoner's closure of this graph, computed anew for an opened graph."""
        if self._closure is None:
            self._closure = close(sorted(self.asserted), self.folders, "foedus")
        return self._closure

    def proof(self, triple: Triple) -> Proof | None:
        """One proof of a triple; None if it does not hold. A build has its proofs in its folder.

        A fluent is proved from what there is on the graph's day.
        """
        if self._has_lapsed(triple):
            return None
        if self._closure is None and self._place is not None:
            return self._kept.proof(triple)
        found: Proof | None = self._proving.proof(triple)
        return found and self._on_its_day(found)

    def _on_its_day(self, proof: Proof) -> Proof:
        """The proof; where it rests on what has lapsed, one from what there is on the day."""
        if any(step.triple and self._has_lapsed(step.triple) for step in proof.walk()):
            return self._that_day.proof(proof.triple) or proof
        return proof

    def _has_lapsed(self, triple: Triple) -> bool:
        """Whether a triple is a fluent that does not hold on the graph's day."""
        return triple[1] in self.fluents and triple not in self._holding

    @cached_property
    def _holding(self) -> frozenset[Triple]:
        """The fluents that hold on the graph's day."""
        return frozenset(t for p in self.fluents for t in self.view.match(None, p))

    @cached_property
    def on(self) -> str | None:
        """The time whose relations the view holds, in EDTF; None where nothing says it."""
        return self.manifest.on or as_of(self.view)

    @cached_property
    def fluents(self) -> frozenset[Term]:
        """The properties that hold for a time."""
        return fluents(self.view, self.prefixes)

    @property
    def days(self) -> Days:
        """When what is derived holds, on this day and others."""
        return Days(self._proving, QuadStore.of(self._proving), self.prefixes)

    def missed(self, triple: Triple) -> str:
        """Why a fluent does not hold on the graph's day, though on another: it ended, or begins."""
        return self.days.missed(triple, self.on) if self.on and self._has_lapsed(triple) else ""

    @cached_property
    def _that_day(self) -> Any:
        """The closure of what there is on the graph's day."""
        return close(self.days.there(sorted(self.asserted), self.on or ""), self.folders)

    def as_of(self, on: str) -> KnowledgeGraph:
        """This graph with the relations of another time, in EDTF; in memory, as by `changed`."""
        return self if on == self.on else self.changed(on=on)

    def day_of(self, sparql: str) -> str | None:
        """The graph's day, if a query asks for a fluent; else its answer hangs on no day."""
        words = (token.text for token in tokens(sparql))
        asked = {expand(word, self.prefixes) or word for word in words}
        return self.on if asked & self.fluents else None

    @property
    def _proving(self) -> Any:
        """A closure that proves what it holds: the own one, where another reasoner made this."""
        if self.manifest.reasoner == "foedus":
            return self.closure
        if self._proved is None:
            self._proved = close(sorted(self.asserted), self.folders)
        return self._proved

    @cached_property
    def _kept(self) -> KeptProofs:
        return KeptProofs(self._place / PROOFS if self._place else Path(PROOFS))

    def graphs(self, triple: Triple) -> list[Term]:
        """The named graphs that hold a triple; that of the derived triples is one."""
        if self._place is not None:
            return self._filed.of(triple)
        return self._stating.get(triple, [])

    @cached_property
    def _filed(self) -> NamedGraphs:
        path = self._place / DATASET if self._place else Path(DATASET)
        return NamedGraphs(path, len(self.view))

    @cached_property
    def _stating(self) -> dict[Triple, list[Term]]:
        found: dict[Triple, list[Term]] = {}
        for s, p, o, name in sorted(self.stated(), key=lambda quad: quad[3] or ""):
            if name:
                found.setdefault((s, p, o), []).append(name)
        return found

    def stated(self) -> tuple[Quad, ...]:
        """What is asserted, each triple in the named graph that says where it comes from."""
        if self._material is not None:
            return self._material.quads
        return tuple(q for q in self.dataset.quads() if q[3] not in (None, self.derived_graph))

    def changed(
        self,
        without: Iterable[Quad] = (),
        adding: Iterable[Quad] = (),
        on: str | None = None,
    ) -> KnowledgeGraph:
        """This graph with some quads less and some more, in memory; nothing is written.

        ``on`` is the time whose relations it holds, if another than before.

        Where this graph has a closure it goes to the changed one, which works out the difference;
        this one then computes its own anew when it is next needed.
        """
        gone, before = set(without), self.asserted
        quads = (*(q for q in self.stated() if q not in gone), *adding)
        after = frozenset((s, p, o) for s, p, o, _ in quads)
        closure, self._closure = self._closure, None
        if closure is None:
            closure = close(sorted(after), self.folders)
        else:
            closure.withdraw(sorted(before - after))
            closure.add(sorted(after - before))
        manifest = replace(self.manifest, on=on or self.manifest.on)
        view = viewed(sorted(after), closure.derived, closure, self.prefixes, manifest.on)
        made = KnowledgeGraph(manifest, self.folders, view)
        made._material = Material(self.folders, self.prefixes, (), quads, frozenset())
        made._closure = closure
        return made

    def question(self, slug: str) -> Question:
        """The canned question of that name; raises `UnknownName` with the near ones."""
        return find_question(self.folders.queries, slug)

    def ask(
        self,
        slug: str,
        values: Mapping[str, Value] | None = None,
        /,
        *,
        timeout: float | None = None,
        **more: Value,
    ) -> Answer:
        """The answer to a canned question; values are names, EDTF dates, words or numbers.

        They may come as keywords: ``graph.ask("allies-of", state="DPRK")``. A date may be a
        ``datetime.date`` or a year as an ``int``. ``on`` is the time of which is asked, even of a
        question without such a parameter: ``graph.ask("allies-of", on=1990)``. Raises `UnknownName`
        for an unknown question, parameter or name, `BadParameter` for a value of another kind.
        """
        question = self.question(slug)
        every = {**(values or {}), **more}
        if not question.is_dated and "on" in every:
            day = ON.written(every.pop("on"))
            return self.as_of(day).ask(slug, every, timeout=timeout)
        if question.is_dated and self.manifest.on:
            every.setdefault("on", self.manifest.on)
        given = {name: question.parameter(name).written(value) for name, value in every.items()}
        sparql = self.sparql(slug, given)
        if self.day_of(sparql) not in (None, given.get("on", self.on)):
            return self.as_of(given["on"]).ask(slug, given, timeout=timeout)
        found = self.view.query(
            sparql, prefixes=self.prefixes, timeout=timeout, file=str(question.path)
        )
        return Answer(question, given, sparql, found, self.day_of(sparql))

    def sparql(self, slug: str, values: Mapping[str, Value]) -> str:
        """The query by which a canned question is asked with these values."""
        question = self.question(slug)
        given = {name: question.parameter(name).written(value) for name, value in values.items()}
        return question.text(given, self._resolve)

    def _resolve(self, name: str) -> Term:
        return self.names.resolve(name)

    def support(self, answer: Answer) -> tuple[RowSupport, ...]:
        """What each row of an answer rests on: its basis and the words behind it."""
        graph = self.as_of(answer.on) if answer.on else self
        return graph.support_of(answer.sparql, answer.result)

    def support_of(self, sparql: str, result: Result) -> tuple[RowSupport, ...]:
        """What each row or triple of a query's result on the view rests on; or an ASK's answer."""
        return self.explainer.support_of(sparql, result)

    @cached_property
    def explainer(self) -> Explainer:
        """What tells why a triple holds and what a row rests on."""
        from foedus.explain.explainer import Explainer

        return Explainer(self)

    def query(
        self,
        sparql: str,
        *,
        dataset: bool = False,
        timeout: float | None = None,
        file: str = QUERY,
    ) -> Result:
        """The result of any SPARQL query that only reads, on the view or on the dataset.

        The graph's prefixes need not be declared. Raises `QueryRefused`, `ParseFailure`,
        `LimitReached`.
        """
        store = self.dataset if dataset else self.view
        return store.query(sparql, prefixes=self.prefixes, timeout=timeout, file=file)

    def check(self) -> tuple[Finding, ...]:
        """What is wrong with the graph: clashes, broken shapes, rows of the query checks.

        The terms of the installation's ontology are checked with its own graph, which uses them
        all; another graph need not.
        """
        from foedus.knowledge import checks

        shipped = folders()
        terms = self.folders.ontology != shipped.ontology or self.folders.graph == shipped.graph
        shapes = self.folders.ontology / "shapes.ttl"
        return (
            *checks.clashes(self.closure, self.names),
            *checks.shapes(self.view, shapes, self.names),
            *checks.queries(self.view, self.folders.queries / "checks", self.names, terms),
        )

    def proved(self) -> Proved:
        """How many derived triples are proved, each step checked, and from what."""
        from foedus.explain.checking import check_proofs

        return check_proofs(self.explainer)

    def unproved(self, proved: Proved) -> tuple[Finding, ...]:
        """A finding for each derived triple whose proof does not hold."""
        from foedus.knowledge.checks import Finding

        say = self.explainer.phrases.sentence
        return tuple(
            Finding("proof", "unproved", f"{say(triple)}: {fault}", triple)
            for triple, fault in proved.faults
        )

    def export(self, format: str, layout: str = "view") -> bytes:
        """The graph as a file's content: ``ttl nt trig nq jsonld rdfxml``, view or dataset."""
        from foedus.store.export import export

        store = self.dataset if layout == "dataset" else self.view
        return export(store, format, self.prefixes)

    def rdflib(self) -> RdflibGraph:
        """The view as an rdflib graph with its prefixes bound."""
        from foedus.store.convert import to_rdflib

        made = to_rdflib(self.view.match())
        for prefix, base in self.prefixes.items():
            made.bind(prefix, base)
        return made

    def _named(self) -> Iterable[Quad]:
        """The quads of the named graphs: what is asserted, and what is derived."""
        if self._place is not None:
            return (q for q in self.dataset.quads() if q[3] is not None)
        if self._material is None:
            raise InputError("this graph has no named graphs")
        known = set(self.asserted)
        stated = dict.fromkeys(self._material.quads)
        derived = sorted(t for t in self.view.match() if t not in known)
        return [*stated, *((s, p, o, self.derived_graph) for s, p, o in derived)]
