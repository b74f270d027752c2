"""Backward chaining: the rule instances that derive a triple from what was known before a round.

Rules are matched on term numbers and sorted columns, which takes half as long as
``rules/matching.py`` over an adapter to the same history, and that is most of the latency of a
proof.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from foedus.reasoning.evaluation.unfolding import shifted
from foedus.reasoning.planning.plan import Named, named, replaced, unify
from foedus.reasoning.proofs.history import Fact, History
from foedus.reasoning.rules.rule import Atom, Before, Differ, Rule, Sum, ValueTest, Var
from foedus.reasoning.rules.value_tests import total, value_holds
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids
from foedus.terms import Term, is_literal

Substitution = dict[str, int]

#: At most so many premises are matched recursively, which takes half as long.
_FEW = 8


@dataclass(frozen=True, slots=True)
class EncodedInstance:
    """A rule instance: its substitution, and the triples it rests on."""

    rule: Rule
    values: Substitution
    premises: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Subgoal:
    """A premise to match; ``spelt`` if the rule names a literal in it, matched by value."""

    atom: Named
    place: tuple[int, int]
    spelt: bool = False


@dataclass(slots=True)
class _Match:
    """A premise on the backtracking stack: the rows left to try, and what the last one bound."""

    task: int
    rows: Iterator[Fact]
    row: Fact = (0, 0, 0)
    found: Substitution = field(default_factory=dict)
    changed: list[tuple[int, Named]] = field(default_factory=list)  # other premises, as they were

    def next(self, atom: Named, spelt: bool) -> bool:
        """Advance to the next row that unifies with the premise."""
        s, p, o = atom
        for row in self.rows:
            found = unify((s, p, row[2] if spelt and isinstance(o, int) else o), row)
            if found is not None:
                self.row, self.found = row, found
                return True
        return False


class BackwardChaining:
    """Finds rule instances in a history."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.engine = history.engine
        self.ids = history.engine.original
        self.rules = [rule for rule in history.engine.rules if rule.premises]
        self.by_head: dict[tuple[int | None, int | None], list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for atom in rule.conclusions or ():
                _, p, o = named(atom, self.ids)
                p_ = p if isinstance(p, int) else None
                o_ = o if p_ == history.type and isinstance(o, int) else None
                if rule not in self.by_head[p_, o_]:
                    self.by_head[p_, o_].append(rule)
        self.spellings = self._spellings()

    def _spellings(self) -> dict[int, list[int]]:
        """For each literal that rules name: all literals of the data with its value."""
        alias, same = self.engine.literals.alias, self.engine.equality.same
        return {
            number: same(alias.get(number, number))
            for token, number in self.ids.items()
            if is_literal(token)
        }

    def rules_for(self, row: Fact) -> list[Rule]:
        """The rules with a conclusion that may be the triple, those with few premises first."""
        _, p, o = row
        found: dict[str, Rule] = {}
        for key in ((p, None), (p, o), (None, None)):
            if p != self.history.type and key == (p, o):
                continue
            for rule in self.by_head.get(key, ()):
                found[rule.id] = rule
        return sorted(found.values(), key=lambda r: (len(r.premises) + 2 * len(r.lists), r.id))

    def instances(self, rule: Rule, goal: Fact | None, before: int) -> Iterator[EncodedInstance]:
        """The instances of a rule that conclude the goal, or with None a contradiction."""
        if rule.conclusions is None:
            yield from self.applied(rule, {}, None, None, before)
            return
        assert goal is not None
        for atom in rule.conclusions:
            head = named(atom, self.ids)
            values = unify(head, goal)
            if values is not None:
                yield from self.applied(rule, values, head, goal, before)

    def applied(
        self,
        rule: Rule,
        values: Substitution,
        head: Named | None,
        goal: Fact | None,
        before: int,
        chosen_picks: tuple[int, ...] | None = None,
        apart: bool = False,
    ) -> Iterator[EncodedInstance]:
        """The instances of a rule with some variables given, from what was there before a round.

        ``chosen_picks`` are the indices of a rule about a list; with ``apart``, the members at
        these two must differ.
        """
        plain = [
            Subgoal(replaced(named(a, self.ids), values), (k, 0), spelt(a))
            for k, a in enumerate(rule.premises)
            if not a.each
        ]
        if not rule.lists:
            for found, rows in self.solve(plain, values, before):
                yield from self.tested(rule, found, rows, ())
            return
        (listed,) = rule.lists
        start = listed.head.name
        about = [task for task in plain if start in task.atom]
        rest = [task for task in plain if task not in about]
        single = {n.name for a in rule.premises for n in a if isinstance(n, Var) and not n.index}
        scalar = {k: v for k, v in values.items() if k in single}
        # given nodes of a property chain; those at its ends are bound by the head
        stops = {k: v for k, v in values.items() if k not in single and k not in (head or ())}
        about = [
            Subgoal(replaced(named(rule.premises[t.place[0]], self.ids), scalar), t.place, t.spelt)
            for t in about
        ]
        for base, base_rows in self.solve(about, scalar, before):
            for members, cells in self.history.readings(base[start], before):
                size = len(members)
                bound = {**base, **{f"{listed.member}_{k}": m for k, m in enumerate(members, 1)}}
                each = [
                    (k, here, a)
                    for k, a in enumerate(rule.premises)
                    if a.each
                    for here in range(1, size + 1)
                ]
                if chosen_picks is not None and max(chosen_picks) > size:
                    continue
                if apart and chosen_picks is not None:
                    a, b = chosen_picks
                    if members[a - 1] == members[b - 1]:
                        continue
                for numbers in (
                    [chosen_picks] if chosen_picks else self._picks(rule, head, goal, members)
                ):
                    chosen = {**bound, **stops}
                    names = dict(zip(rule.picks, numbers, strict=True))

                    if head is not None and goal is not None:
                        more = unify(replaced(indexed(head, 0, names, size), chosen), goal)
                        if more is None:
                            continue
                        chosen |= more
                    tasks = [
                        Subgoal(replaced(indexed(t.atom, 0, names, size), chosen), t.place, t.spelt)
                        for t in rest
                    ]
                    tasks += [
                        Subgoal(
                            replaced(indexed(named(a, self.ids), here, names, size), chosen),
                            (k, here),
                        )
                        for k, here, a in each
                    ]
                    for found, rows in self.solve(tasks, chosen, before):
                        yield from self.tested(
                            rule, {**found, **names}, {**base_rows, **rows}, cells
                        )

    def _picks(
        self, rule: Rule, head: Named | None, goal: Fact | None, members: tuple[int, ...]
    ) -> Iterator[tuple[int, ...]]:
        """The choices of the rule's indices that the goal and ``i < j`` allow."""
        places = range(1, len(members) + 1)
        order = [t for t in rule.tests if isinstance(t, Before)]
        if len(rule.picks) == 1 and head is not None and goal is not None:
            (index,) = rule.picks
            name = f"{rule.lists[0].member}_{index}"
            for node, term in zip(head, goal, strict=True):
                if node == name:
                    yield from ((k,) for k in places if members[k - 1] == term)
                    return
        for numbers in product(places, repeat=len(rule.picks)):
            names = dict(zip(rule.picks, numbers, strict=True))
            if all(names[t.left] < names[t.right] for t in order):
                yield numbers

    def solve(
        self, tasks: list[Subgoal], values: Substitution, before: int
    ) -> Iterator[tuple[Substitution, dict[tuple[int, int], Fact]]]:
        """All matches of the premises, by backtracking; the most bound premise first."""
        return (self._few if len(tasks) <= _FEW else self._many)(tasks, values, before)

    def _many(
        self, tasks: list[Subgoal], values: Substitution, before: int
    ) -> Iterator[tuple[Substitution, dict[tuple[int, int], Fact]]]:
        """The same without recursion, for the premises about the members of a long list."""
        atoms = [task.atom for task in tasks]
        costs = [self._cost(atom) for atom in atoms]
        having: dict[str, list[int]] = defaultdict(list)
        for k, atom in enumerate(atoms):
            for name in {node for node in atom if isinstance(node, str)}:
                having[name].append(k)
        left = set(range(len(tasks)))
        heap = [(cost, k) for k, cost in enumerate(costs)]
        heapq.heapify(heap)
        matched: list[_Match] = []

        def change(k: int, atom: Named) -> None:
            atoms[k], costs[k] = atom, self._cost(atom)
            heapq.heappush(heap, (costs[k], k))

        while True:
            self.engine.tick()
            if left:
                cost, k = heapq.heappop(heap)
                if k not in left or cost != costs[k]:
                    continue
                left.remove(k)
                rest = [(atoms[n], tasks[n].spelt) for n in self._sharing(atoms[k], having, left)]
                rows = self._rows(atoms[k], tasks[k].spelt, rest, bool(left), before)
                matched.append(_Match(k, rows))
            else:
                found = {n: v for match in matched for n, v in match.found.items()}
                yield {**values, **found}, {tasks[m.task].place: m.row for m in matched}
            while matched:  # backtrack to the last premise that has another row
                last = matched[-1]
                for n, atom in last.changed:
                    change(n, atom)
                last.changed = []
                if last.next(atoms[last.task], tasks[last.task].spelt):
                    for n in self._sharing(atoms[last.task], having, left):
                        last.changed.append((n, atoms[n]))
                        change(n, replaced(atoms[n], last.found))
                    break
                left.add(last.task)
                change(last.task, atoms[last.task])
                matched.pop()
            else:
                return

    def _few(
        self, tasks: list[Subgoal], values: Substitution, before: int
    ) -> Iterator[tuple[Substitution, dict[tuple[int, int], Fact]]]:
        if not tasks:
            yield values, {}
            return
        task = min(tasks, key=lambda t: self._cost(t.atom))
        rest = [t for t in tasks if t is not task]
        others = [(t.atom, t.spelt) for t in rest]
        match = _Match(0, self._rows(task.atom, task.spelt, others, bool(rest), before))
        while match.next(task.atom, task.spelt):
            found, left = match.found, rest
            if found:
                left = [Subgoal(replaced(t.atom, found), t.place, t.spelt) for t in rest]
            for more, used in self._few(left, {**values, **found}, before):
                yield more, {task.place: match.row, **used}

    @staticmethod
    def _sharing(atom: Named, having: dict[str, list[int]], left: set[int]) -> list[int]:
        """The premises still to be matched that share a variable with one."""
        names = {node for node in atom if isinstance(node, str)}
        return sorted({n for name in names for n in having[name]} & left) if names else []

    def _rows(
        self, atom: Named, spelt: bool, rest: list[tuple[Named, bool]], more: bool, before: int
    ) -> Iterator[Fact]:
        """The triples that a premise may match; ``rest`` are premises that share a variable."""
        s, p, o = (node if isinstance(node, int) else None for node in atom)
        names = [node for node in atom if isinstance(node, str)]
        if len(names) == 1 and more and p is not None and not spelt:
            column = self._narrowed(self._column(atom, before), names[0], rest, before)
            return (
                (s if s is not None else x, p, o if o is not None else x) for x in column.tolist()
            )
        if spelt and isinstance(atom[2], int):
            ways = self.spellings[atom[2]]
            return (row for x in ways for row in self.history.match(s, p, x, before))
        return self.history.match(s, p, o, before)

    def _cost(self, atom: Named) -> tuple[int, int]:
        s, p, o = atom
        free = isinstance(s, str) + isinstance(o, str) + 3 * isinstance(p, str)
        size = 0
        if free == 1 and p == self.history.type and isinstance(s, str):
            size = 1  # a whole class
        return free, size

    def _column(self, atom: Named, before: int) -> Ids:
        s, p, o = atom
        assert isinstance(p, int)
        if p == self.history.type:
            if isinstance(o, int):
                return self.history.members(~o, before)
            assert isinstance(s, int)
            return np.array(self.history.classes(s, before), np.int64)
        if isinstance(s, int):
            return self.history.objects(p, s, before)
        if isinstance(o, int):
            return self.history.subjects(p, o, before)
        keys = self.history.pairs(p, before)  # the same name twice
        loops: Ids = keys[keys >> SHIFT == keys & LOW] & LOW
        return loops

    def _narrowed(self, column: Ids, name: str, rest: list[tuple[Named, bool]], before: int) -> Ids:
        """Semi-join: the values of a variable that all premises without other variables allow."""
        for (s, p, o), spelt in rest:
            if not len(column):
                break
            if isinstance(p, int) and (s == name) + (o == name) == 1:
                other = o if s == name else s
                if isinstance(other, int) and not spelt:
                    pattern = (None, o) if s == name else (s, None)
                    mask = self.history.filter(column, pattern[0], p, pattern[1], before)  # type: ignore[arg-type]
                    column = column[mask]
        return column

    # Tests of rules

    def tested(
        self,
        rule: Rule,
        values: Substitution,
        rows: dict[tuple[int, int], Fact],
        cells: tuple[Fact, ...],
    ) -> Iterator[EncodedInstance]:
        """The instance, if the rule's tests hold."""
        values = dict(values)
        if all(self._holds(test, values) for test in rule.tests):
            premises = tuple(rows[place] for place in sorted(rows))
            yield EncodedInstance(rule, values, tuple(dict.fromkeys((*premises, *cells))))

    def _holds(self, test: object, values: Substitution) -> bool:
        if isinstance(test, Differ):
            a, b = values[test.left.name], values[test.right.name]
            rep = self.engine.frozen
            if rep is not None and max(a, b) < len(rep):
                return bool(rep[a] != rep[b])
            return a != b
        if isinstance(test, Sum):
            found = total(test, lambda name: self._token(values[name]))
            number = self.engine.terms.find(found) if found is not None else None
            return number is not None and values.setdefault(test.result.name, number) == number
        return not isinstance(test, ValueTest) or value_holds(
            test, lambda name: self._token(values[name])
        )

    def _token(self, number: int) -> Term:
        return self.engine.terms.token(number)


def indexed(atom: Named, here: int, names: Substitution, size: int) -> Named:
    """A premise with its indices replaced by positions: those picked, and that of ``each``."""
    for index, k in names.items():
        atom = shifted(atom, index, k, size)
    return shifted(atom, "i" if here else "", here, size)


def spelt(atom: Atom) -> bool:
    """Whether a premise names a literal."""
    return isinstance(atom.o, str) and is_literal(atom.o)
