"""What a report says: questions with answers, the article with what was read from it, proofs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from foedus.explain import Explainer, Passage, Step
from foedus.explain.rows import RowSupport
from foedus.resources import internal
from foedus.short import short_repr
from foedus.store.files import read_text
from foedus.store.query import QuadStore
from foedus.terms import Term, text_of
from foedus.whatif import Disagreement, disagreements
from foedus.whatif.graph import Graph


class Origins(Protocol):
    """What a graph was made from."""

    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def believe(self) -> tuple[str, ...]: ...


class Reported(Graph, Protocol):
    """What is needed of a graph; `foedus.knowledge.KnowledgeGraph` has it."""

    @property
    def manifest(self) -> Origins: ...
    @property
    def dataset(self) -> QuadStore: ...


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on doubtful words: the words, the kind of doubt, the remark, who says so."""

    words: str
    kind: str
    remark: str
    reference: str


@dataclass(frozen=True, slots=True)
class Said:
    """One claim: who makes it and through whom, what it says, in which words."""

    speakers: tuple[str, ...]
    label: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a passage with what is marked on it: ``fact``, ``claim``, ``doubt``."""

    text: str
    kinds: tuple[str, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A passage with all that was read from it; ``opens`` where a new paragraph begins."""

    passage: Passage
    opens: bool
    pieces: tuple[Piece, ...]
    facts: tuple[str, ...]
    claims: tuple[Said, ...]
    notes: tuple[Note, ...]
    readings: tuple[str, ...]
    nothing: str

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its rows as labels, and what each row rests on."""

    slug: str
    words: str
    topic: str
    assumes: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    supports: tuple[RowSupport, ...]
    boolean: bool | None = None

    __repr__ = short_repr


@dataclass(frozen=True, slots=True)
class Report:
    """The whole document."""

    title: str
    counts: tuple[tuple[str, int], ...]
    topics: tuple[tuple[str, tuple[Answered, ...]], ...]
    article: tuple[Read, ...]
    derived: tuple[tuple[str, tuple[Step, ...]], ...]
    tensions: tuple[Disagreement, ...]
    background: tuple[tuple[str, str], ...]
    believed: tuple[str, ...]

    __repr__ = short_repr


def gather(graph: Reported) -> Report:
    """All that a report on a graph says, in reading order."""
    explainer = graph.explainer
    reads = tuple(article(graph, explainer))
    title = next((r.passage.quote for r in reads if r.passage.place == "title"), "The graph")
    topics = itertools.groupby(_answers(graph, explainer), key=lambda a: a.topic)
    counts = [(what, many) for what, many in graph.manifest.counts.items() if many]
    return Report(
        title,
        tuple(counts),
        tuple((topic, tuple(answers)) for topic, answers in topics),
        reads,
        tuple(_derived(graph, explainer)),
        disagreements(graph),
        tuple(sorted(explainer.origins.records.values())),
        graph.manifest.believe,
    )


def _answers(graph: Reported, explainer: Explainer) -> Iterator[Answered]:
    label = explainer.phrases.label
    for slug in graph.questions:
        answer = graph.ask(slug)
        result, question = answer.result, answer.question
        rows = tuple(tuple(label(t) if t else "" for t in row) for row in result.rows)
        yield Answered(
            slug,
            answer.phrase(graph.names),
            question.topic,
            question.assumes,
            tuple(name.replace("_", " ") for name in result.variables),
            rows,
            explainer.support_of(answer.sparql, result),
            result.boolean,
        )


def _derived(graph: Reported, explainer: Explainer) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Every derived fact with its proof, by what it is about."""
    asserted = graph.asserted
    groups: dict[str, list[Step]] = defaultdict(list)
    for triple in graph.view.match():
        if triple in asserted or not explainer.phrases.is_fact(triple):
            continue
        step = explainer.prove(triple)
        if step and step.rule:
            groups[explainer.phrases.label(triple[0])].append(step)
    for name in sorted(groups, key=str.casefold):
        yield name, tuple(sorted(groups[name], key=lambda s: s.sentence))


# -- the article -------------------------------------------------------------------------------


def article(graph: Reported, explainer: Explainer) -> Iterator[Read]:
    """Each passage of the text with what was read from it, in the order of the text."""
    origins, phrases = explainer.origins, explainer.phrases
    facts: dict[Term, dict[str, None]] = defaultdict(dict)
    about: dict[tuple[Term, Term], list[str]] = defaultdict(list)
    for s, p, o, name in sorted(graph.stated(), key=lambda q: q[:3]):
        if name in origins.passages and phrases.is_fact((s, p, o)):
            sentence = phrases.sentence((s, p, o))
            facts[name][sentence] = None
            about[name, s].append(sentence)
    claims: dict[Term, list[Said]] = defaultdict(list)
    for claim, passages in origins.claims.items():
        for passage in passages:
            said = Said(passage.speakers, graph.names.label(claim), passage)
            claims[passage.iri].append(said)
    notes: dict[Term, list[Note]] = defaultdict(list)
    for row in _ask(graph, "report-notes"):
        words, kind, remark, reference = (
            text_of(row[n]) if n in row else "" for n in ("words", "kind", "remark", "reference")
        )
        notes[row["passage"]].append(Note(words, kind, remark, reference))
    others: dict[tuple[Term, str], list[tuple[Term, str]]] = defaultdict(list)
    for row in _ask(graph, "report-wordings"):
        words = text_of(row["words"])
        others[row["passage"], text_of(row["what"])].append((row.get("thing", ""), words))

    order = sorted(origins.passages.items(), key=lambda item: item[1][0].start or 0)
    text, end = _text(graph, order[0][1][0].source_iri) if order else "", 0
    for name, (passage, *_) in order:
        start = passage.start or 0
        marks = [(n.words, "doubt", f"{n.kind}: {n.remark}") for n in notes[name] if n.words]
        marks += [(c.passage.quote, "claim", f"{c.speakers[0]}: {c.label}") for c in claims[name]]
        for thing, words in others[name, "wording"]:
            told = "; ".join(about[name, thing])
            if told:
                marks.append((words, "fact", told))
        yield Read(
            passage,
            not end or "\n" in text[end:start],
            tuple(_pieces(passage.quote, marks)),
            tuple(facts[name]),
            tuple(claims[name]),
            tuple(notes[name]),
            tuple(words for _, words in others[name, "reading"]),
            next((words for _, words in others[name, "nothing"]), ""),
        )
        end = passage.end or start + len(passage.quote)


def _text(graph: Reported, source: Term) -> str:
    path = graph.folders.graph / "sources" / text_of(source).rpartition("/")[2] / "article.txt"
    return read_text(path) if path.is_file() else ""


def _pieces(text: str, marks: list[tuple[str, str, str]]) -> Iterator[Piece]:
    """The text cut where a mark starts or ends."""
    spans = []
    for words, kind, title in marks:
        at = text.find(words)
        if at >= 0:
            spans.append((at, at + len(words), kind, title))
    cuts = sorted({0, len(text), *(s[0] for s in spans), *(s[1] for s in spans)})
    for start, end in itertools.pairwise(cuts):
        over = [s for s in spans if s[0] <= start and end <= s[1]]
        kinds = tuple(k for k in ("fact", "claim", "doubt") if any(s[2] == k for s in over))
        over.sort(key=lambda s: (("doubt", "claim", "fact").index(s[2]), s[1] - s[0]))
        yield Piece(text[start:end], kinds, tuple(dict.fromkeys(s[3] for s in over)))


def _ask(graph: Reported, name: str) -> Iterator[dict[str, Term]]:
    text = read_text(internal("build") / f"{name}.rq")
    return graph.dataset.query(text).dicts()
