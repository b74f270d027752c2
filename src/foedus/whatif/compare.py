"""What would follow if less were known, or more, or somebody were believed; nothing is stored."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from foedus.explain.explainer import Explainer
from foedus.explain.steps import Origin, Passage, Step
from foedus.language.phrases import is_plural, listed
from foedus.reasoning.rules.proof import Proof
from foedus.short import short_repr
from foedus.store.files import read_rdf
from foedus.terms import Quad, Triple, is_iri
from foedus.whatif.belief import believed
from foedus.whatif.graph import Graph
from foedus.whatif.withdraw import Withdrawals

G = TypeVar("G", bound=Graph)
LOST, GAINED = "it was stated", "it is stated"
#: Rows of one question, in the order of its query.
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One triple that is lost or gained, as a sentence, and why, in one line."""

    triple: Triple
    sentence: str
    reason: str
    derived: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A question whose answer changes: the rows that go and those that come, as labels."""

    slug: str
    words: str
    columns: tuple[str, ...]
    lost: Rows
    gained: Rows

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What cannot all be so: the sentence that says why, and the words on its sides.

    ``rests_on`` are the asserted triples behind it that are not the ontology's.
    """

    sentence: str
    rule: str
    sides: tuple[tuple[str, tuple[Passage, ...]], ...]
    rests_on: frozenset[Triple]

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a supposition changes. ``supposed`` says what was supposed, one line each."""

    supposed: tuple[str, ...]
    lost: tuple[Change, ...]
    gained: tuple[Change, ...]
    answers: tuple[Changed, ...]
    contradictions: tuple[Contradiction, ...]
    asked: int

    __repr__ = short_repr


def what_if(
    graph: Graph,
    without: Sequence[str] = (),
    believe: Sequence[str] = (),
    add: Sequence[str | os.PathLike[str]] = (),
) -> Outcome:
    """What a graph would lose and gain, and which answers would change.

    Args:
        graph: as it is; it stays so.
        without: sentences (``s09``), sources (a slug or a title) or claims to leave out.
        believe: speakers whose claims are taken as facts; ``everyone`` for all.
        add: RDF files whose triples are taken as facts.

    Raises:
        UnknownName: no such sentence, source, claim or speaker; near ones are named.
        ParseFailure: a file that is not well formed.
    """
    withdrawals = Withdrawals(graph)
    gone: list[Quad] = []
    lines: list[str] = []
    for name in without:
        quads, line = withdrawals.quads(name)
        gone += quads
        lines.append(line)
    taken = believed(graph.view, graph.names, graph.prefixes, believe)
    for speaker in sorted({c.speaker for c in taken}):
        count = len({c.claim for c in taken if c.speaker == speaker})
        lines.append(f"believing {graph.names.label(speaker)} ({_many(count, 'claim')})")
    files = [(path, read_rdf(path, f"w{i}x").quads) for i, path in enumerate(map(Path, add))]
    lines += [f"with the {_many(len(quads), 'triple')} of {path.name}" for path, quads in files]
    more = [c.quad for c in taken]
    named = {path: f"<{quote(os.fsencode(path.name))}>" for path, _ in files}
    more += [(s, p, o, named[path]) for path, quads in files for s, p, o, _ in quads]
    origins = {q[:3]: Origin("added", (), (path.name,)) for path, quads in files for q in quads}

    before = _State(graph)
    after = _State(graph.changed(gone, more), origins)
    return Outcome(
        tuple(lines),
        before.changes(before.triples - after.triples, LOST),
        after.changes(after.triples - before.triples, GAINED),
        tuple(_answers(before, after)),
        tuple(c for c in after.contradictions if c not in before.contradictions),
        len(graph.questions),
    )


def believing(graph: G, speakers: Sequence[str]) -> G:
    """The graph with the content of these speakers' claims taken as facts, in memory.

    Raises `UnknownName` for somebody unknown, or who claims nothing.
    """
    taken = believed(graph.view, graph.names, graph.prefixes, speakers)
    return graph.changed(adding=[c.quad for c in taken])


class _State:
    """A graph before or after, with what is compared of it."""

    def __init__(self, graph: Graph, added: Mapping[Triple, Origin] | None = None) -> None:
        self.graph = graph
        self.explainer = Explainer(graph, added) if added else graph.explainer
        self.words: dict[str, str] = {}

    @cached_property
    def triples(self) -> set[Triple]:
        """What a reader would call facts: not names, not records of the texts."""
        return {t for t in self.graph.view.match() if self.explainer.phrases.is_fact(t)}

    def changes(self, triples: Iterable[Triple], verb: str) -> tuple[Change, ...]:
        """Each triple as a sentence with its reason, derived ones first."""
        steps = [step for t in triples if (step := self.explainer.prove(t))]
        steps.sort(key=lambda step: (step.rule is None, step.sentence))
        return tuple(
            Change(s.triple, s.sentence, _reason(s, verb), s.rule is not None)
            for s in steps
            if s.triple
        )

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """The clashes of the graph, with the words on their sides."""
        return contradictions(self.graph, self.explainer)

    @cached_property
    def answers(self) -> dict[str, tuple[tuple[str, ...], Rows]]:
        """Columns and rows of every canned question with its default values, as labels."""
        label = self.explainer.phrases.label
        found: dict[str, tuple[tuple[str, ...], Rows]] = {}
        for slug in self.graph.questions:
            answer = self.graph.ask(slug)
            self.words[slug], result = answer.phrase(self.graph.names), answer.result
            if result.kind == "boolean":
                found[slug] = (("answer",), ((str(result.boolean).lower(),),))
            else:
                rows = (tuple(label(t) if t else "" for t in row) for row in result.rows)
                found[slug] = (result.variables, tuple(rows))
        return found


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _reason(step: Step, verb: str) -> str:
    """Why a triple holds, in one line: its words, or what it follows from."""
    if step.rule is None:
        origin = step.origin or Origin("record")
        where = listed(dict.fromkeys(p.place for p in origin.passages)) or listed(origin.sources)
        if origin.believed:
            verb = "say" if len(origin.believed) > 1 or is_plural(origin.believed[0]) else "says"
            return f"{listed(origin.believed)} {verb} so in {where}"
        return f"{verb} in {where or 'the files'}"
    told = [p.sentence for p in step.premises if not p.structure and not p.is_meaning()]
    followed = "it followed from" if verb == LOST else "it follows from"
    return f"{followed}: {'; '.join(told)} ({step.rule})"


def contradictions(graph: Graph, explainer: Explainer | None = None) -> tuple[Contradiction, ...]:
    """What cannot all be so in a graph, each with the words on its sides."""
    explainer = explainer or graph.explainer
    told = (contradiction(clash.proof(), explainer) for clash in graph.closure.clashes)
    return tuple({(c.rule, c.sides): c for c in reversed([*told])}.values())[::-1]


def contradiction(
    proof: Proof, explainer: Explainer, supposed: Mapping[Triple, Origin] | None = None
) -> Contradiction:
    """A contradiction in words, from its proof: what it rests on stands on its sides.

    Where two of the things it is about are called alike, it is told by who contradict each other.
    """
    step = explainer.tell(proof, supposed)
    sides: dict[tuple[str, tuple[Passage, ...]], None] = {}
    for leaf in step.leaves():
        passages = leaf.passages()
        origin = leaf.origin if not passages else None
        sources = (*origin.believed, *origin.sources) if origin else ()
        if passages or sources:
            sides[f"{leaf.sentence}{f' ({listed(sources)})' if sources else ''}", passages] = None
    order = sorted(sides, key=lambda s: (bool(s[1]), s[1][0].start or 0 if s[1] else 0, s[0]))
    things = {term for term in proof.bindings.values() if is_iri(term)}
    speakers = dict.fromkeys(p.speakers[0] for _, passages in order for p in passages[:1])
    sentence = step.because
    if len(set(map(explainer.phrases.label, things))) < len(things) and len(speakers) > 1:
        sentence = f"{listed(speakers)} contradict each other"
    return Contradiction(sentence, step.rule or "", tuple(order), step.words())


def _answers(before: _State, after: _State) -> Iterator[Changed]:
    for slug, (columns, rows) in before.answers.items():
        new_columns, new_rows = after.answers[slug]
        lost, gained = _less(rows, new_rows), _less(new_rows, rows)
        if lost or gained:
            yield Changed(slug, before.words[slug], new_columns or columns, lost, gained)


def _less(rows: Rows, others: Rows) -> Rows:
    """The rows that are not among the others, each as often as it is missing there."""
    left = Counter(others)
    found = []
    for row in rows:
        left[row] -= 1
        if left[row] < 0:
            found.append(row)
    return tuple(found)
