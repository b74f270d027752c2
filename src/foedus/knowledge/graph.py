"""A closed graph with everything that can be asked of it."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from foedus.errors import UnknownName, UsageError
from foedus.knowledge.answer import Answer
from foedus.knowledge.backing import Backing, InFolder, InMemory
from foedus.knowledge.days import Days, as_of, fluents
from foedus.knowledge.folder import (
    DATASET,
    VIEW,
    Manifest,
    read_manifest,
    refuse_foreign,
    write_folder,
)
from foedus.knowledge.making import Progress, closure_of, make, viewed
from foedus.knowledge.material import Material, fingerprints
from foedus.knowledge.proofs import dump
from foedus.knowledge.questions import ON, Question, Value, find_question, read_questions
from foedus.language.names import Names
from foedus.language.spelling import near
from foedus.locking import once
from foedus.replacing import replacing
from foedus.resources import folders
from foedus.sparql.guard import QUERY
from foedus.sparql.lexer import tokens
from foedus.store.query import QuadStore, Result
from foedus.terms import Quad, Term, Triple, expand, text_of

if TYPE_CHECKING:
    from foedus.explain.explainer import Explainer
    from foedus.explain.proved import Proved
    from foedus.explain.rows import RowSupport
    from foedus.explain.steps import Explanation
    from foedus.knowledge.backing import AnyClosure
    from foedus.knowledge.finding import Finder, Match
    from foedus.knowledge.findings import Finding
    from foedus.reasoning.closure import Closure
    from foedus.reasoning.rules.proof import Proof
    from foedus.remote import LoadReport
    from foedus.remote.ask import Store
    from foedus.store.convert import RdflibGraph
    from foedus.whatif import Disagreement, Outcome


#: All in one graph, or the named graphs; and the file of a build that has it.
LAYOUTS = {"view": VIEW, "dataset": DATASET}


class KnowledgeGraph:
    """Facts, claims and what follows from them, closed under the rules.

    Make one with `build` or `open`. ``view`` holds every triple in one graph; ``dataset`` holds the
    named graphs, with the view as default graph. Neither is changed by any method, and several
    threads may ask one graph. The verbs of the command line are its methods of the same names.

    >>> graph = KnowledgeGraph.build()
    >>> graph.names.resolve("DPRK")
    '<https://w3id.org/foedus/id/NorthKorea>'
    """

    def __init__(self, manifest: Manifest, backing: Backing) -> None:
        self.manifest, self._backing = manifest, backing
        self.folders, self.view = backing.folders, backing.view
        self.prefixes: dict[str, str] = dict(manifest.prefixes)
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        place = f"opened from {str(self.place)!r}" if self.place else "in memory"
        return f"<KnowledgeGraph of {len(self.view):,} triples, {place}>"

    # -- made, opened, kept --------------------------------------------------------------------

    @classmethod
    def build(
        cls,
        data: str | os.PathLike[str] | None = None,
        *,
        out: str | os.PathLike[str] | None = None,
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
        speak. The graph is written into the folder ``out``, where one is named, as `save` does.
        """
        if out is not None:
            refuse_foreign(Path(out))
        parts = make(folders(data), background, tuple(believe), reasoner, progress, on)
        made = cls(parts.manifest, InMemory(parts.material, parts.closure, parts.view))
        if out is not None:
            made.save(out)
        return made

    @classmethod
    def open(
        cls, place: str | os.PathLike[str], data: str | os.PathLike[str] | None = None
    ) -> KnowledgeGraph:
        """The graph in a build folder; raises `InputError` if it is missing or not whole."""
        place = Path(place)
        manifest = read_manifest(place)
        view = QuadStore.load(place / VIEW)
        return cls(manifest, InFolder(place, folders(data), manifest.prefixes, view))

    def save(self, out: str | os.PathLike[str]) -> None:
        """Write the graph into a build folder, whole or not at all."""
        out = Path(out)
        refuse_foreign(out)
        derived = sorted(t for t in self.view.match() if t not in self.asserted)
        # Fluents first: as a step of another proof, one may be found by a way that has lapsed.
        derived.sort(key=lambda t: t[1] not in self.fluents)
        proofs = dump(map(self._on_its_day, self._backing.engine.proofs_of(derived)))
        names = self.names.dump()
        write_folder(out, self.manifest, self.view.match(), self.dataset.quads(), proofs, names)

    @property
    def place(self) -> Path | None:
        """The build folder that it was opened from; None for one in memory."""
        return self._backing.place

    @property
    def is_stale(self) -> bool:
        """Whether a file that the graph was made from has changed since."""
        return fingerprints(self.folders, self.manifest.background) != self.manifest.inputs

    # -- what is in it -------------------------------------------------------------------------

    @property
    def names(self) -> Names:
        """What everything is called; a build has it in its folder."""
        return self._backing.names

    @once
    def questions(self) -> dict[str, Question]:
        """The canned questions by slug."""
        return read_questions(self.folders.queries)

    @property
    def dataset(self) -> QuadStore:
        """Every named graph, with the view as default graph."""
        return self._backing.dataset

    @property
    def derived_graph(self) -> Term:
        """The name of the graph of what was derived."""
        return self._backing.derived_graph

    @property
    def asserted(self) -> frozenset[Triple]:
        """The triples that a file states; all others are derived."""
        return self._backing.asserted

    @property
    def closure(self) -> AnyClosure:
        """The reasoner's closure of this graph, computed anew for an opened graph."""
        return self._backing.closure

    def proof(self, triple: Triple) -> Proof | None:
        """One proof of a triple; None if it does not hold. A build has its proofs in its folder.

        A fluent is proved from what there is on the graph's day.
        """
        if self._has_lapsed(triple):
            return None
        found = self._backing.proof(triple)
        return found and self._on_its_day(found)

    def _on_its_day(self, proof: Proof) -> Proof:
        """The proof; where it rests on what has lapsed, one from what there is on the day."""
        if any(step.triple and self._has_lapsed(step.triple) for step in proof.walk()):
            return self._that_day.proof(proof.triple) or proof
        return proof

    # -- the day -------------------------------------------------------------------------------

    def _has_lapsed(self, triple: Triple) -> bool:
        """Whether a triple is a fluent that does not hold on the graph's day."""
        return triple[1] in self.fluents and triple not in self._holding

    @once
    def _holding(self) -> frozenset[Triple]:
        """The fluents that hold on the graph's day."""
        return frozenset(t for p in self.fluents for t in self.view.match(None, p))

    @once
    def on(self) -> str | None:
        """The time whose relations the view holds, in EDTF; None where nothing says it."""
        return self.manifest.on or as_of(self.view)

    @once
    def fluents(self) -> frozenset[Term]:
        """The properties that hold for a time."""
        return fluents(self.view, self.prefixes)

    @property
    def days(self) -> Days:
        """When what is derived holds, on this day and others."""
        engine = self._backing.engine
        return Days(engine, QuadStore.of(engine), self.prefixes)

    def missed(self, triple: Triple) -> str:
        """Why a fluent does not hold on the graph's day, though on another: it ended, or begins."""
        return self.days.missed(triple, self.on) if self.on and self._has_lapsed(triple) else ""

    @once
    def _that_day(self) -> Closure:
        """The closure of what there is on the graph's day."""
        return closure_of(self.days.there(sorted(self.asserted), self.on or ""), self.folders)

    def as_of(self, on: str) -> KnowledgeGraph:
        """This graph with the relations of another time, in EDTF; in memory, as by `changed`."""
        return self if on == self.on else self.changed(on=on)

    def day_of(self, sparql: str) -> str | None:
        """The graph's day, if a query asks for a fluent; else its answer hangs on no day."""
        words = (token.text for token in tokens(sparql))
        asked = {expand(word, self.prefixes) or word for word in words}
        return self.on if asked & self.fluents else None

    def graphs(self, triple: Triple) -> list[Term]:
        """The named graphs that hold a triple; that of the derived triples is one."""
        return self._backing.graphs(triple)

    def stated(self) -> tuple[Quad, ...]:
        """What is asserted, each triple in the named graph that says where it comes from."""
        return self._backing.stated()

    def changed(
        self,
        without: Iterable[Quad] = (),
        adding: Iterable[Quad] = (),
        on: str | None = None,
    ) -> KnowledgeGraph:
        """This graph with some quads less and some more, in memory; this one stays as it is.

        ``on`` is the time whose relations it holds, if another than before.
        """
        gone, before = set(without), self.asserted
        quads = (*(q for q in self.stated() if q not in gone), *adding)
        after = frozenset((s, p, o) for s, p, o, _ in quads)
        closure = self._backing.engine
        if before != after:
            closure = closure.changed(sorted(before - after), sorted(after - before))
        manifest = replace(self.manifest, on=on or self.manifest.on)
        view = viewed(sorted(after), closure.derived, closure, self.prefixes, manifest.on)
        material = Material(self.folders, self.prefixes, (), quads, frozenset())
        return KnowledgeGraph(manifest, InMemory(material, closure, view))

    def believing(self, speakers: Sequence[str]) -> KnowledgeGraph:
        """The graph with these speakers' claims taken as facts, in memory; itself for nobody.

        Raises `UnknownName` for somebody unknown, or who claims nothing.
        """
        from foedus.whatif import believing

        return believing(self, speakers) if speakers else self

    # -- asked ---------------------------------------------------------------------------------

    def question(self, slug: str) -> Question:
        """The canned question of that name; raises `UnknownName` with the near ones."""
        return find_question(self.folders.queries, slug)

    def find(self, words: str) -> tuple[Match, ...]:
        """The canned questions that words may mean, best first, with the values found in them.

        None where nothing fits.

        >>> KnowledgeGraph.build().find("Who signed the treaty?")[0].question.slug
        'signers-of'
        """
        return tuple(self._finder.find(words))

    @once
    def _finder(self) -> Finder:
        from foedus.knowledge.finding import Finder

        home = self.prefixes["fo"]
        kinds_of = [expand(name, self.prefixes) for name in ("rdf:type", "rdfs:subClassOf")]

        @cache
        def kinds(thing: Term) -> dict[Term, str]:
            found = (o for p in kinds_of for _, _, o in self.view.match(thing, p, None))
            return {kind: self.names.label(kind).lower() for kind in found if home in kind}

        @cache
        def linked(one: Term, other: Term) -> bool:
            pairs = (one, other), (other, one)
            return one == other or any(t for a, b in pairs for t in self.view.match(a, None, b))

        names = [(label, thing) for label, thing in self.names.all("thing") if home not in thing]
        passages = ((text_of(thing).rpartition("/")[2], thing) for _, thing in names)
        names += [(last, thing) for last, thing in passages if re.fullmatch(r"[a-z]+\d+", last)]
        classes = self.names.all("class")
        return Finder(self.questions.values(), names, classes, kinds, linked, self._resolve)

    def ask(
        self,
        question: str,
        values: Mapping[str, Value] | None = None,
        /,
        *,
        why: bool = False,
        believe: Sequence[str] = (),
        timeout: float | None = None,
        endpoint: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        tell: Callable[[str], None] | None = None,
        **more: Value,
    ) -> Answer:
        """The answer to a canned question; values are names, EDTF dates, words or numbers.

        They may come as keywords: ``graph.ask("allies-of", state="DPRK")``. A date may be a
        ``datetime.date`` or a year as an ``int``. ``on`` is the time of which is asked, even of a
        question without such a parameter: ``graph.ask("allies-of", on=1990)``.

        Args:
            question: its slug, a key of ``questions``.
            values: the values by the names of its parameters, as a mapping.
            why: find what each row rests on too; the answer has it as ``supports``.
            believe: speakers whose claims are taken as facts for this once.
            timeout: seconds that it may take, what it rests on included.
            endpoint: URL of a running store that is asked instead.
            ca: a file of certificates to trust for https.
            tell: hears what is to be said of a store beside its answer.
            more: values as keywords.

        Raises:
            UnknownName: no such question, parameter, name or speaker; near ones are named.
            BadParameter: a value of another kind.
            LimitReached: the time is used up.
            Unreachable: the store does not answer.
        """
        asking = self.question(question)
        every = {**(values or {}), **more}
        day = ON.written(every.pop("on")) if "on" in every and not asking.is_dated else None
        refuse_both(believe, endpoint, day)
        if believe or day:
            asked = self.believing(believe)
            asked = asked.as_of(day) if day else asked
            return asked.ask(question, every, why=why, timeout=timeout)
        if asking.is_dated and self.manifest.on:
            every.setdefault("on", self.manifest.on)
        given = {name: asking.parameter(name).written(value) for name, value in every.items()}
        sparql = self.sparql(question, given)
        if endpoint is None and self.day_of(sparql) not in (None, given.get("on", self.on)):
            return self.as_of(given["on"]).ask(question, given, why=why, timeout=timeout)
        store = self._store(endpoint, timeout, ca, tell)
        found = self._answered(sparql, False, why, timeout, str(asking.path), store, tell)
        return Answer(asking, given, sparql, found, self.names, self.day_of(sparql))

    def sparql(self, question: str, values: Mapping[str, Value]) -> str:
        """The query by which a canned question is asked with these values."""
        asked = self.question(question)
        given = {name: asked.parameter(name).written(value) for name, value in values.items()}
        return asked.text(given, self._resolve)

    def _resolve(self, name: str) -> Term:
        return self.names.resolve(name)

    def query(
        self,
        text: str | None = None,
        *,
        file: str | os.PathLike[str] | None = None,
        dataset: bool = False,
        why: bool = False,
        believe: Sequence[str] = (),
        timeout: float | None = None,
        endpoint: str | None = None,
        ca: str | os.PathLike[str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Result:
        """The result of any SPARQL query that only reads.

        The graph's prefixes need not be declared.

        Args:
            text: the query, or None to read it from ``file``.
            file: the file that the query is in.
            dataset: ask the named graphs too, not only the view.
            why: find what each row of the view rests on too; the result has it as ``supports``.
            believe: speakers whose claims are taken as facts for this once.
            timeout: seconds that it may take, what it rests on included.
            endpoint: URL of a running store that is asked instead.
            ca: a file of certificates to trust for https.
            tell: hears what is to be said of a store beside its answer.

        Raises:
            QueryRefused: it would reach outside the graph, or change it.
            ParseFailure: it is not well formed; the place is told.
            LimitReached: the time is used up.
            Unreachable: the store does not answer.
        """
        if (text is None) == (file is None):
            raise UsageError("give a query, or a file that holds one")
        if why and dataset:
            raise UsageError("only rows of the view are explained; leave out why or dataset")
        refuse_both(believe, endpoint)
        if text is None:
            from foedus.store.files import read_text

            text = read_text(Path(file or ""))
        asked = self.believing(believe)
        store = self._store(endpoint, timeout, ca, tell)
        where = QUERY if file is None else str(file)
        return asked._answered(text, dataset, why, timeout, where, store, tell)

    def _store(
        self,
        endpoint: str | None,
        timeout: float | None,
        ca: str | os.PathLike[str] | None,
        tell: Callable[[str], None] | None,
    ) -> Store | None:
        if endpoint is None:
            return None
        from foedus.remote import find_store

        return find_store(endpoint, timeout, ca=None if ca is None else Path(ca), tell=tell)

    def _answered(
        self,
        sparql: str,
        dataset: bool,
        why: bool,
        timeout: float | None,
        file: str,
        store: Store | None,
        tell: Callable[[str], None] | None,
    ) -> Result:
        """The result of a query here or in a store, and what it rests on where that is asked."""
        start = time.monotonic()
        if store is None:
            here = self.dataset if dataset else self.view
            found = here.query(sparql, prefixes=self.prefixes, timeout=timeout, file=file)
        else:
            found = store.query(sparql, self.prefixes)
        if not why or not (found or found.kind == "boolean"):
            return found
        from foedus.store.budget import within

        explainer = self.explainer if store is None else self._explainer_of(store, tell)
        left = timeout and max(timeout - (time.monotonic() - start), 0.01)
        supports = within(left, lambda: explainer.support_of(sparql, found), "the explanation")
        return replace(found, supports=supports)

    def _explainer_of(self, store: Store, tell: Callable[[str], None] | None) -> Explainer:
        from foedus.explain.stored import explainer_of

        explainer = explainer_of(store, self)
        held = explainer.stored
        if tell and (held.more or held.fewer):
            tell(
                f"the store is not of this graph's version ({held.more:,} triples "
                f"more, {held.fewer:,} less): rows are explained by what it holds"
            )
        return explainer

    def support(self, answer: Answer) -> tuple[RowSupport, ...]:
        """What each row of an answer rests on: its basis and the words behind it."""
        graph = self.as_of(answer.on) if answer.on else self
        return graph.support_of(answer.sparql, answer.result)

    def support_of(self, sparql: str, result: Result) -> tuple[RowSupport, ...]:
        """What each row or triple of a query's result on the view rests on; or an ASK's answer."""
        return self.explainer.support_of(sparql, result)

    @once
    def explainer(self) -> Explainer:
        """What tells why a triple holds and what a row rests on."""
        from foedus.explain.explainer import Explainer

        return Explainer(self)

    def why(
        self,
        subject: str,
        predicate: str,
        object: str,
        *,
        all: bool = False,
        believe: Sequence[str] = (),
    ) -> Explanation:
        """Why something holds, down to the words; or what is missing for it, and what forbids it.

        Subject, predicate and object are labels, aliases, CURIEs or IRIs; ``all`` finds every
        proof, smallest first. Raises `UnknownName` with the near names.
        """
        asked = self.believing(believe)
        explainer = asked.explainer
        told = explainer.why(explainer.resolve(subject, predicate, object), all)
        return told if told.proofs else asked._otherwise(told)

    def why_not(
        self, subject: str, predicate: str, object: str, *, believe: Sequence[str] = ()
    ) -> Explanation:
        """What is missing for something to hold, who claims it, and what forbids it.

        Of what does hold, its proof: whether there is one says so.
        """
        return self.why(subject, predicate, object, believe=believe)

    def _otherwise(self, told: Explanation) -> Explanation:
        from foedus.whatif import alternatives

        whole = None
        if not self.manifest.background:
            whole = KnowledgeGraph.build(self.folders.ontology.parent, on=self.manifest.on)
        return alternatives(self, told, whole)

    def what_if(
        self,
        without: Sequence[str] = (),
        believe: Sequence[str] = (),
        add: Sequence[str | os.PathLike[str]] = (),
    ) -> Outcome:
        """What the graph would lose and gain, and which answers would change. It stays as it is.

        ``without`` are sentences (``s09``), sources or claims to leave out, ``believe`` speakers
        whose claims are taken as facts, ``add`` RDF files whose triples are. Raises `UnknownName`,
        `ParseFailure`.
        """
        from foedus.whatif import what_if

        return what_if(self, without, believe, add)

    def contradictions(self) -> tuple[Disagreement, ...]:
        """In what speakers contradict each other, or the article, while nobody is believed."""
        from foedus.whatif import disagreements

        return disagreements(self)

    # -- checked, written ----------------------------------------------------------------------

    def check(self, *, proofs: bool = True) -> tuple[Finding, ...]:
        """What is wrong with the graph: clashes, broken shapes, rows of the query checks.

        With ``proofs``, what is derived and not proved too, which takes as long as all else. The
        terms of the installation's ontology are checked with its own graph, which uses them all;
        another graph need not.
        """
        from foedus.knowledge import findings

        shipped = folders()
        terms = self.folders.ontology != shipped.ontology or self.folders.graph == shipped.graph
        shapes = self.folders.ontology / "shapes.ttl"
        return (
            *findings.clashes(self.closure.clashes, self.names),
            *findings.shapes(self.view, shapes, self.names),
            *findings.queries(self.view, self.folders.queries / "checks", self.names, terms),
            *(self.unproved(self.proved()) if proofs else ()),
        )

    def proved(self) -> Proved:
        """How many derived triples are proved, each step checked, and from what."""
        return self._proved

    @once
    def _proved(self) -> Proved:
        from foedus.explain.proved import check_proofs

        return check_proofs(self.explainer)

    def unproved(self, proved: Proved) -> tuple[Finding, ...]:
        """A finding for each derived triple whose proof does not hold."""
        from foedus.knowledge.findings import Finding

        say = self.explainer.phrases.sentence
        return tuple(
            Finding("proof", "unproved", f"{say(triple)}: {fault}", triple)
            for triple, fault in proved.faults
        )

    def export(
        self,
        format: str = "ttl",
        layout: str = "view",
        *,
        description: bool = False,
        rdf12: bool = False,
        out: str | os.PathLike[str] | None = None,
    ) -> bytes:
        """The graph as a file's content: ``ttl nt trig nq jsonld rdfxml``, view or dataset.

        With ``description`` it is what the data set is, in VoID and DCAT; with ``rdf12`` each
        claim's content is there as a triple of RDF 1.2. It is written to ``out`` too, where a file
        is named. Raises `UsageError`, `UnknownName`.
        """
        from foedus.knowledge.description import describe, reifiers, with_reifiers
        from foedus.store.serialization import serialize

        if description and rdf12:
            raise UsageError("--description and --rdf12 are two different files; ask for one")
        whole = _known("layout", layout, LAYOUTS) == "dataset"
        store = self.dataset if whole else self.view
        if description:
            content = describe(self.dataset, format, self.prefixes)
        elif rdf12:
            more = reifiers(self.view)
            content = with_reifiers(store, more, format, self.prefixes)
        else:
            content = serialize(store, format, self.prefixes)
        _write(out, content)
        return content

    def report(
        self,
        format: str = "html",
        *,
        out: str | os.PathLike[str] | None = None,
        believe: Sequence[str] = (),
    ) -> str:
        """One document, ``html`` or ``md``: every answer with its words, the article, the proofs.

        It is written to ``out`` too, where a file is named.
        """
        from foedus.render.report import as_html, as_markdown
        from foedus.report import gather

        forms = {"html": as_html, "md": as_markdown}
        text = forms[_known("format of a report", format, forms)](gather(self.believing(believe)))
        _write(out, text.encode())
        return text

    def load(
        self,
        endpoint: str | None = None,
        *,
        preset: str | None = None,
        query_url: str | None = None,
        update_url: str | None = None,
        graph_store_url: str | None = None,
        layout: str = "view",
        graph: str | None = None,
        replace: bool = False,
        append: bool = False,
        user: str | None = None,
        timeout: float = 600.0,
        retries: int = 5,
        batch: int | None = None,
        ca: str | os.PathLike[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Put the graph into a running triple store. Doing it twice leaves the same store.

        ``layout`` is ``view`` or ``dataset``; all else is as in `foedus.remote.send`. What an
        earlier load of the same articles put there is replaced. Raises `UsageError`, `Unreachable`
        that says what the store holds now, `InputError`.
        """
        from foedus.remote import Source, send

        name = LAYOUTS[_known("layout", layout, LAYOUTS)]
        with tempfile.TemporaryDirectory(prefix="foedus-") as folder:
            made = Path(folder) / "build"
            self.save(made)
            return send(
                made / name,
                Source.of_build(self.manifest.articles),
                endpoint,
                preset=preset,
                query_url=query_url,
                update_url=update_url,
                graph_store_url=graph_store_url,
                graph=graph,
                replace=replace,
                append=append,
                user=user,
                timeout=timeout,
                retries=retries,
                batch=batch,
                ca=ca,
                progress=progress,
                tell=tell,
            )

    def rdflib(self) -> RdflibGraph:
        """The view as an rdflib graph with its prefixes bound."""
        from foedus.store.convert import to_rdflib

        made = to_rdflib(self.view.match())
        for prefix, base in self.prefixes.items():
            made.bind(prefix, base)
        return made


def refuse_both(believe: Sequence[str], endpoint: str | None, on: str | None = None) -> None:
    """Raise `UsageError` where a store would be asked as if it held another graph."""
    option = "--believe" if believe else "--on" if on else None
    if option and endpoint:
        raise UsageError(
            f"{option} changes the graph here, and a store answers by what it holds; load a graph "
            f"that 'foedus build {option}' made, or leave out one of the two"
        )


def _known(what: str, name: str, names: Iterable[str]) -> str:
    """The name, if it is one of these; raises `UnknownName` otherwise."""
    every = list(names)
    if name not in every:
        raise UnknownName(what, name, near(name, every), f"it is {' or '.join(every)}")
    return name


def _write(out: str | os.PathLike[str] | None, content: bytes) -> None:
    """Put the content into a file, whole or not at all, where one is named."""
    if out is not None:
        with replacing(Path(out)) as file:
            file.write(content)
