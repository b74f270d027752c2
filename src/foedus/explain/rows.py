"""What a row of an answer rests on, in words, and its basis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from foedus.explain.origins import Origins
from foedus.explain.steps import Passage, Step
from foedus.language.phrases import Phrases, listed, with_article
from foedus.provenance.evidence import Evidence, evidence, evidence_of
from foedus.provenance.scope import Row
from foedus.provenance.support import Absence
from foedus.short import short_repr
from foedus.sparql.paths import Alternative, Path, Repeat, Sequence
from foedus.sparql.tree import Pattern, is_variable
from foedus.store.query import QuadStore
from foedus.terms import Triple


@dataclass(frozen=True, slots=True)
class Basis:
    """On what an answer stands; as text its weakest part, with the background that it needs.

    >>> print(Basis(True, ("Park Won-gon",), (), False))
    claimed by Park Won-gon
    >>> print(Basis(True, (), ("Archigos 4.1",), False))
    entailed, with Archigos 4.1
    >>> print(Basis(computed=True))
    computed
    """

    entailed: bool = False
    claimed: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    default: bool = False
    computed: bool = False

    def __str__(self) -> str:
        kind = f"claimed by {listed(self.claimed)}" if self.claimed else ""
        if self.default:
            kind = f"{kind}, by default" if kind else "by default"
        kind = kind or ("entailed" if self.entailed else "asserted")
        kind = "computed" if self.computed else kind
        return f"{kind}, with {listed(self.background)}" if self.background else kind


@dataclass(frozen=True, slots=True)
class Support:
    """One triple that a row rests on: its proof, which is a single step where it is asserted."""

    step: Step
    basis: Basis

    __repr__ = short_repr

    def passages(self) -> tuple[Passage, ...]:
        """The words at the bottom of its proof, each once, in the order of the text."""
        return self.step.passages()


@dataclass(frozen=True, slots=True)
class RowSupport:
    """A row's basis, the triples behind it, and what it takes for granted, in words.

    ``ways`` counts the solutions that give the row (at most `foedus.provenance.search.WAYS`); for
    a row that sums up a group, the members. ``complete`` is False where the supports are those of
    the first `foedus.provenance.search.MEMBERS` members alone.
    """

    basis: Basis
    supports: tuple[Support, ...]
    assumptions: tuple[str, ...] = ()
    ways: int = 1
    complete: bool = True

    __repr__ = short_repr

    def passages(self) -> tuple[Passage, ...]:
        """The words behind the row, each once, in the order of the text."""
        found = {p: None for s in self.supports for p in s.passages()}
        return tuple(sorted(found, key=lambda p: (p.source, p.start or 0)))


@dataclass(slots=True)
class Rows:
    """Finds the support of rows in one graph.

    ``prove`` gives a triple's proof in words, and None for what the graph does not hold.
    """

    view: QuadStore
    phrases: Phrases
    origins: Origins
    asserted: Callable[[Triple], bool]
    prove: Callable[[Triple], Step | None]

    def support(self, query: str, row: Row) -> RowSupport:
        """What one row of a query's answer rests on."""
        return self._told(evidence(query, row, self.view, self._cost))

    def support_of(self, query: str, triple: Triple) -> RowSupport:
        """What one triple of a CONSTRUCT or a DESCRIBE rests on."""
        return self._told(evidence_of(query, triple, self.view, self._cost))

    def _cost(self, triple: Triple) -> float:
        return 0.0 if self.asserted(triple) else 1.0

    def _told(self, found: Evidence) -> RowSupport:
        supports = tuple(s for t in found.triples if (s := self._support(t)))
        assumptions = dict.fromkeys(map(self.assumption, found.absences))
        default = bool(found.absences)
        alone = not found.triples and not default
        basis = Basis(computed=True) if alone else _joined((s.basis for s in supports), default)
        return RowSupport(basis, supports, (*assumptions,), found.ways, found.complete)

    def _support(self, triple: Triple) -> Support | None:
        step = self.prove(triple)
        if step is None:
            return None
        leaves = [leaf.origin for leaf in step.leaves() if leaf.origin]
        claimed = {b for o in leaves if o.kind == "belief" for b in o.believed}
        claimed |= set(self.origins.speakers_in(triple))
        background = {_short(s) for o in leaves if o.kind == "background" for s in o.sources[:1]}
        basis = Basis(step.rule is not None, tuple(sorted(claimed)), tuple(sorted(background)))
        return Support(step, basis)

    def assumption(self, absence: Absence) -> str:
        """What a row takes for granted, as a sentence without a full stop."""
        if absence.kind == "total":
            return "nothing counts but what is stated"
        if absence.kind == "order":
            return "nothing comes before it but what is stated"
        names = _Names(self.phrases, absence.patterns)
        if said := names.statement():
            return f"no text states that {said}"
        what = names.sentences()
        at_once = "at once " if len(what) > 1 else ""
        if not what:
            return "nothing that is stated meets all of it"
        limits = ", under the conditions that the question sets" if absence.limited else ""
        return f"nothing states {at_once}that {listed(what)}{limits}"


class _Names:
    """What the patterns of an absence say, with words for what is open in them."""

    def __init__(self, phrases: Phrases, patterns: Iterable[Pattern]) -> None:
        self.phrases, self.patterns = phrases, tuple(patterns)
        self.words: dict[str, str] = {}
        kinds = [p for p in self.patterns if is_variable(p.subject) and self._is_kind(p)]
        told = {v for p in self.patterns if p not in kinds for v in (p.subject, p.object)}
        for kind in kinds:
            if kind.subject in told:
                self.words[kind.subject] = with_article(phrases.label(kind.object))
        self.shown = [p for p in self.patterns if p not in kinds or p.subject not in told]

    def sentences(self) -> list[str]:
        """Each pattern as a sentence; where a time lies is left out."""
        plain = [
            p for p in self.shown if not self.phrases.is_plumbing((None, str(p.predicate), None))
        ]
        return list(dict.fromkeys(map(self.sentence, plain or self.shown)))

    def statement(self) -> str:
        """What the record of a statement would state; empty for patterns of anything else."""
        parts = {p.predicate: p.object for p in self.patterns if isinstance(p.predicate, str)}
        s, p, o = (parts.get(part) for part in self.phrases.statement_parts)
        known = s and p and not is_variable(p)
        return self.sentence(Pattern(s, p, o or "?")) if s and p and known else ""

    def sentence(self, pattern: Pattern) -> str:
        """A pattern as a sentence; the same words for the same open thing."""
        s, p, o = pattern.subject, pattern.predicate, pattern.object
        subject, what = self._open(s), "?itself" if s == o else self._open(o)
        if p == self.phrases.kind_of and is_variable(o):
            return f"{self.phrases.label(subject)} is of the kind {what[1:]}"
        if isinstance(p, str) and not is_variable(p):
            return self.phrases.sentence((subject, p, what))
        return " ".join((self.phrases.label(subject), self._verb(p), self.phrases.label(what)))

    def _verb(self, path: str | Path) -> str:
        """The verb of a property, or of the first step of a path."""
        if isinstance(path, str):
            return "has to do with" if is_variable(path) else self.phrases.label(path)
        if isinstance(path, Alternative):
            return " or ".join(dict.fromkeys(map(self._verb, path.paths)))
        if isinstance(path, Sequence):
            return self._verb(path.paths[0])
        return self._verb(path.path) if isinstance(path, Repeat) else "has to do with"

    def _is_kind(self, pattern: Pattern) -> bool:
        return pattern.predicate == self.phrases.kind_of and not is_variable(pattern.object)

    def _open(self, term: str) -> str:
        """A term, or words for one that is open."""
        if not is_variable(term):
            return term
        open_ = ("something", "something else", "a third")
        used = sum(word in open_ for word in self.words.values())
        return "?" + self.words.setdefault(term, open_[min(used, 2)])


def _short(title: str) -> str:
    """The part of a record's title that names it.

    >>> _short("Archigos 4.1, a data set of political leaders")
    'Archigos 4.1'
    """
    return re.split(r"[,:(]", title)[0].strip()


def _joined(parts: Iterable[Basis], default: bool) -> Basis:
    every = list(parts)
    return Basis(
        any(b.entailed for b in every),
        tuple(sorted({c for b in every for c in b.claimed})),
        tuple(sorted({c for b in every for c in b.background})),
        default,
    )
