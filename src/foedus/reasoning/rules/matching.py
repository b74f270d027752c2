"""Naive rule matching over any triple source: premises are matched one by one, as strings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from foedus.reasoning.rules.datatypes import value_key
from foedus.reasoning.rules.rdf_list import readings, triples_of
from foedus.reasoning.rules.rule import Atom, Before, Differ, Rule, Sum, ValueTest, Var
from foedus.reasoning.rules.value_tests import total, value_holds
from foedus.terms import Find, Pattern, Term, Triple, is_literal
from foedus.vocab import FIRST, NIL, REST, SAME

#: One premise to match: the atom, the length of the list, and the position of the ``each`` member.
Task: TypeAlias = tuple[Atom, int, int]
Bound: TypeAlias = dict[str, Term]


@dataclass(frozen=True, slots=True)
class RuleInstance:
    """One rule instance: the substitution of its variables, and the triples that it rests on."""

    rule: str
    bindings: Bound
    premises: tuple[Triple, ...]


class IndexedTriples:
    """Triples, each with the rule instance that derived it, indexed for every triple pattern."""

    def __init__(self) -> None:
        self.steps: dict[Triple, RuleInstance | None] = {}
        self.literals: set[Term] = set()
        self._index: dict[Pattern, list[Triple]] = defaultdict(list)

    def add(self, triple: Triple, step: RuleInstance | None) -> bool:
        """Add a triple; False if it was there."""
        if triple in self.steps:
            return False
        self.steps[triple] = step
        for s, p, o in product(*((term, None) for term in triple)):
            self._index[s, p, o].append(triple)
        self.literals.update(filter(is_literal, triple))
        return True

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> list[Triple]:
        """The triples that match a pattern; None matches any term. Not to be changed."""
        return self._index.get((s, p, o), [])


def instances(
    rule: Rule,
    find: Find,
    fits: tuple[Atom, Triple] | None = None,
    same: Callable[[Term, Term], bool] | None = None,
) -> Iterator[RuleInstance]:
    """The instances of a rule with premises over the triples that ``find`` gives.

    ``fits`` fixes an atom of the rule to a triple: a conclusion to find what derives the triple
    (backward chaining), a premise to find what the triple derives (forward chaining). ``same`` says
    which pairs of terms fail ``!=``; by default, those for which an owl:sameAs is found.
    """
    for start, tasks, cells in applied(rule, find, fits):
        order = sorted(tasks, key=lambda t: (rule.premises.index(t[0]), t[2]))
        for found, used in solve(tasks, start, find):
            if all(holds(test, found, find, same) for test in rule.tests):
                yield RuleInstance(rule.id, found, (*(used[t] for t in order), *cells))


def applied(
    rule: Rule, find: Find, fits: tuple[Atom, Triple] | None = None
) -> Iterator[tuple[Bound, list[Task], tuple[Triple, ...]]]:
    """The partial matches from which a rule is solved: substitution, premises left, list cells.

    The list is found through the premises that mention its head. These are then bound, and matched
    again with the others.
    """
    for start in _starts(rule, fits, find):
        heads = [listed.head for listed in rule.lists]
        naming = [(a, 0, 0) for a in rule.premises if a.s in heads or a.o in heads]
        later = [a for a in rule.premises if a.s not in heads and a.o not in heads]
        for bound, _ in solve(naming, start, find):
            for named, size, cells in read_list(rule, bound, find):
                ks = range(1, size + 1)
                tasks = [(a, size, k) for a in later for k in (ks if a.each else (0,))]
                for known in _fitted(fits, named, size):
                    yield known, [*naming, *tasks], cells


def conclusions_of(rule: Rule, step: RuleInstance) -> list[Triple]:
    """The triples that a rule instance concludes."""
    size = rule.length(step.bindings)

    def term(node: Var | Term) -> Term:
        return step.bindings[node.key(step.bindings, size)] if isinstance(node, Var) else node

    return [(term(a.s), term(a.p), term(a.o)) for a in rule.conclusions or ()]


def solve(
    tasks: list[Task], bindings: Bound, find: Find
) -> Iterator[tuple[Bound, dict[Task, Triple]]]:
    """All matches of the premises that extend the bindings; most bound premise first."""
    frames: list[_Frame] = []
    left, place, known = _ordered(tasks, bindings), 0, bindings
    while True:
        if place < len(left):
            frames.append(_Frame(left, place, known, iter(_candidates(left[place], known, find))))
        else:
            yield known, {frame.left[frame.place]: frame.triple for frame in frames}
        while frames:  # not recursive: there may be a premise for each member of a long list
            last = frames[-1]
            found = last.next()
            if found is not None:
                left, place, known = last.left, last.place + 1, found
                if len(found) > len(last.bound):  # the order of the others may have changed
                    left, place = _ordered(left[place:], found), 0
                break
            frames.pop()
        else:
            return


@dataclass(slots=True)
class _Frame:
    """A premise on the backtracking stack: the premises after it, and its candidates left."""

    left: list[Task]
    place: int
    bound: Bound
    triples: Iterator[Triple]
    triple: Triple = ("", "", "")

    def next(self) -> Bound | None:
        """The bindings extended by the next candidate that unifies; None if there is none."""
        for triple in self.triples:
            found = _unified(self.left[self.place], self.bound, triple)
            if found is not None:
                self.triple = triple
                return found
        return None


def _ordered(tasks: list[Task], bindings: Bound) -> list[Task]:
    return sorted(tasks, key=lambda task: pattern(task, bindings).count(None))


def pattern(task: Task, bindings: Mapping[str, Term]) -> Pattern:
    """A premise as a triple pattern: bound variables replaced, None for the others."""
    atom, size, here = task
    s, p, o = (
        bindings.get(node.key(bindings, size, here)) if isinstance(node, Var) else node
        for node in atom
    )
    return s, p, o


def read_list(
    rule: Rule, bindings: Bound, find: Find
) -> Iterator[tuple[Bound, int, tuple[Triple, ...]]]:
    """The bindings with the list's members, for each choice of indices; its length and cells."""
    if not rule.lists:
        yield bindings, 0, ()
        return
    (listed,) = rule.lists
    orders = [t for t in rule.tests if isinstance(t, Before)]
    for members, cells in _readings(bindings.get(listed.head.name, NIL), find):
        named = {f"{listed.member}_{k}": m for k, m in enumerate(members, start=1)}
        for numbers in product(range(1, len(members) + 1), repeat=len(rule.picks)):
            chosen = {i: str(k) for i, k in zip(rule.picks, numbers, strict=True)}
            if members and all(int(chosen[t.left]) < int(chosen[t.right]) for t in orders):
                yield {**bindings, **named, **chosen}, len(members), cells


def _readings(cell: Term, find: Find) -> Iterator[tuple[tuple[Term, ...], tuple[Triple, ...]]]:
    """Members and cells of the list that starts at a cell, once for each reading."""

    def contents(cell: Term) -> Iterator[tuple[Term, Term]]:
        firsts, rests = ([o for _, _, o in find(cell, p, None)] for p in (FIRST, REST))
        return product(firsts, rests)

    for reading in readings(cell, NIL, contents):
        yield reading[0], triples_of(reading, FIRST, REST, NIL)


def _starts(rule: Rule, fits: tuple[Atom, Triple] | None, find: Find) -> Iterator[Bound]:
    """The substitutions with which to start: a list member in ``fits`` gives the lists it is in."""
    if fits is None:
        yield {}
        return
    atom, triple = fits
    s, p, o = (Var("") if isinstance(n, Var) and n.index else n for n in atom)
    bound = _unified((Atom(s, p, o), 0, 0), {}, triple)
    if bound is None:
        return
    pairs = list(zip(atom, triple, strict=True))
    for listed in rule.lists:
        for node, term in pairs:
            if isinstance(node, Var) and node.index and node.name == listed.member:
                for cell in _lists_with(term, find):
                    if bound.get(listed.head.name, cell) == cell:
                        yield {**bound, listed.head.name: cell}
                return
    yield bound


def _lists_with(member: Term, find: Find) -> Iterator[Term]:
    """The cells from which a list leads to a member."""
    waiting = [cell for cell, _, _ in find(None, FIRST, member)]
    seen: set[Term] = set()
    while waiting:
        cell = waiting.pop()
        if cell not in seen:
            seen.add(cell)
            yield cell
            waiting += [before for before, _, _ in find(None, REST, cell)]


def _fitted(fits: tuple[Atom, Triple] | None, bindings: Bound, size: int) -> Iterator[Bound]:
    """The bindings under which the atom of ``fits`` is its triple, for each list position."""
    if fits is None:
        yield bindings
        return
    atom, triple = fits
    for here in range(1, size + 1) if atom.each else (0,):
        if (known := _unified((atom, size, here), bindings, triple)) is not None:
            yield known


def _unified(task: Task, bindings: Bound, triple: Triple) -> Bound | None:
    """The bindings extended so that a premise is this triple; None if they conflict."""
    atom, size, here = task
    made = dict(bindings)
    for node, term in zip(atom, triple, strict=True):
        if isinstance(node, Var):
            if node.name and made.setdefault(node.key(made, size, here), term) != term:
                return None
        elif node != term and not _same_value(node, term):
            return None
    return made


def _candidates(task: Task, bindings: Bound, find: Find) -> Iterable[Triple]:
    """The triples that may match a premise; a literal that it names matches by value."""
    s, p, o = pattern(task, bindings)
    named = isinstance(task[0].o, str) and is_literal(task[0].o)
    return find(s, p, None if named else o)


def _same_value(node: Term, term: Term) -> bool:
    return is_literal(node) and is_literal(term) and value_key(node) == value_key(term)


def holds(
    test: object, bindings: Bound, find: Find, same: Callable[[Term, Term], bool] | None = None
) -> bool:
    """Whether a test holds; a sum binds its free result. KeyError for any other free variable."""
    if isinstance(test, Differ):
        a, b = bindings[test.left.name], bindings[test.right.name]
        return a != b and not (same(a, b) if same else any(True for _ in find(a, SAME, b)))
    if isinstance(test, Sum):
        found = total(test, bindings.__getitem__)
        return found is not None and bindings.setdefault(test.result.name, found) == found
    return not isinstance(test, ValueTest) or value_holds(test, bindings.__getitem__)
