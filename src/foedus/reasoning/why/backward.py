"""Rules read backwards: the applications that give a triple, over what was there before a step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from foedus.reasoning.fixpoint.unfolding import shifted
from foedus.reasoning.fixpoint.view import Row, View
from foedus.reasoning.plans.plan import Named, named, replaced
from foedus.reasoning.rows.columns import LOW, SHIFT, Ids
from foedus.reasoning.rules import years
from foedus.reasoning.rules.datatypes import in_datatype, is_ill_typed
from foedus.reasoning.rules.rule import Atom, Before, Differ, Operand, Rule, Sum, Value, Var
from foedus.terms import Term, is_literal

Values = dict[str, int]


@dataclass(frozen=True, slots=True)
class Instance:
    """One application of a rule: its bindings, and the triples it rests on."""

    rule: Rule
    values: Values
    premises: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A premise to match; ``place`` is its place among the premises of the instance.

    ``spelt`` marks a premise in which the rule itself names a literal.
    """

    atom: Named
    place: tuple[int, int]
    spelt: bool = False


class Backward:
    """Finds rule applications in a view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.engine = view.engine
        self.ids = view.engine.original
        self.rules = [rule for rule in view.engine.rules if rule.premises]
        self.by_head: dict[tuple[int | None, int | None], list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for atom in rule.conclusions or ():
                _, p, o = named(atom, self.ids)
                p_ = p if isinstance(p, int) else None
                o_ = o if p_ == view.type and isinstance(o, int) else None
                if rule not in self.by_head[p_, o_]:
                    self.by_head[p_, o_].append(rule)
        self.spellings = self._spellings()

    def _spellings(self) -> dict[int, list[int]]:
        """For each literal that rules name: all of the data that mean the same."""
        alias, same = self.engine.literals.alias, self.engine.equality.same
        return {
            number: same(alias.get(number, number))
            for token, number in self.ids.items()
            if is_literal(token)
        }

    def rules_for(self, row: Row) -> list[Rule]:
        """Rules with a conclusion of the triple's form, those with few premises first."""
        _, p, o = row
        found: dict[str, Rule] = {}
        for key in ((p, None), (p, o), (None, None)):
            if p != self.view.type and key == (p, o):
                continue
            for rule in self.by_head.get(key, ()):
                found[rule.id] = rule
        return sorted(found.values(), key=lambda r: (len(r.premises) + 2 * len(r.lists), r.id))

    def instances(self, rule: Rule, goal: Row | None, before: int) -> Iterator[Instance]:
        """Applications of a rule that conclude the goal (None: false) from what was there."""
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
        values: Values,
        head: Named | None,
        goal: Row | None,
        before: int,
        chosen_picks: tuple[int, ...] | None = None,
        apart: bool = False,
    ) -> Iterator[Instance]:
        """Applications of a rule with some variables given.

        ``chosen_picks`` are the indices of a rule about a list; ``apart`` asks for readings in
        which the members at these differ.
        """
        plain = [
            Task(replaced(named(a, self.ids), values), (k, 0), spelt(a))
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
        # nodes that a chain is to pass; the ends of it are the head's
        stops = {k: v for k, v in values.items() if k not in single and k not in (head or ())}
        about = [
            Task(replaced(named(rule.premises[t.place[0]], self.ids), scalar), t.place, t.spelt)
            for t in about
        ]
        for base, base_rows in self.solve(about, scalar, before):
            for members, cells in self.view.readings(base[start], before):
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
                        more = unify(replaced(placed(head, 0, names, size), chosen), goal)
                        if more is None:
                            continue
                        chosen |= more
                    tasks = [
                        Task(replaced(placed(t.atom, 0, names, size), chosen), t.place, t.spelt)
                        for t in rest
                    ]
                    tasks += [
                        Task(
                            replaced(placed(named(a, self.ids), here, names, size), chosen),
                            (k, here),
                        )
                        for k, here, a in each
                    ]
                    for found, rows in self.solve(tasks, chosen, before):
                        yield from self.tested(
                            rule, {**found, **names}, {**base_rows, **rows}, cells
                        )

    def _picks(
        self, rule: Rule, head: Named | None, goal: Row | None, members: tuple[int, ...]
    ) -> Iterator[tuple[int, ...]]:
        """The choices of the rule's indices that the goal and `i < j` allow."""
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
        self, tasks: list[Task], values: Values, before: int
    ) -> Iterator[tuple[Values, dict[tuple[int, int], Row]]]:
        """All ways to match premises, the most bound first."""
        if not tasks:
            yield values, {}
            return
        task = min(tasks, key=self._cost)
        rest = [t for t in tasks if t is not task]
        s, p, o = (node if isinstance(node, int) else None for node in task.atom)
        names = [node for node in task.atom if isinstance(node, str)]
        if len(names) == 1 and rest and p is not None and not task.spelt:
            column = self._column(task.atom, before)
            column = self._narrowed(column, names[0], rest, before)
            rows: Iterator[Row] = (
                (s if s is not None else x, p, o if o is not None else x) for x in column.tolist()
            )
        elif task.spelt and isinstance(task.atom[2], int):
            ways = self.spellings[task.atom[2]]
            rows = (row for x in ways for row in self.view.match(s, p, x, before))
            for row in rows:
                found = unify((task.atom[0], task.atom[1], row[2]), row)
                if found is not None:
                    yield from self._next(task, row, found, rest, values, before)
            return
        else:
            rows = self.view.match(s, p, o, before)
        for row in rows:
            found = unify(task.atom, row)
            if found is not None:
                yield from self._next(task, row, found, rest, values, before)

    def _next(
        self, task: Task, row: Row, found: Values, rest: list[Task], values: Values, before: int
    ) -> Iterator[tuple[Values, dict[tuple[int, int], Row]]]:
        left = [Task(replaced(t.atom, found), t.place, t.spelt) for t in rest] if found else rest
        for more, used in self.solve(left, {**values, **found}, before):
            yield more, {task.place: row, **used}

    def _cost(self, task: Task) -> tuple[int, int]:
        s, p, o = task.atom
        free = isinstance(s, str) + isinstance(o, str) + 3 * isinstance(p, str)
        size = 0
        if free == 1 and p == self.view.type and isinstance(s, str):
            size = 1  # a whole class
        return free, size

    def _column(self, atom: Named, before: int) -> Ids:
        s, p, o = atom
        assert isinstance(p, int)
        if p == self.view.type:
            if isinstance(o, int):
                return self.view.members(~o, before)
            assert isinstance(s, int)
            return np.array(self.view.classes(s, before), np.int64)
        if isinstance(s, int):
            return self.view.objects(p, s, before)
        if isinstance(o, int):
            return self.view.subjects(p, o, before)
        keys = self.view.pairs(p, before)  # the same name twice
        loops: Ids = keys[keys >> SHIFT == keys & LOW] & LOW
        return loops

    def _narrowed(self, column: Ids, name: str, rest: list[Task], before: int) -> Ids:
        """The values of a name that all premises which then lack nothing agree to."""
        for task in rest:
            s, p, o = task.atom
            if not len(column):
                break
            if isinstance(p, int) and (s == name) + (o == name) == 1:
                other = o if s == name else s
                if isinstance(other, int) and not task.spelt:
                    pattern = (None, o) if s == name else (s, None)
                    mask = self.view.filter(column, pattern[0], p, pattern[1], before)  # type: ignore[arg-type]
                    column = column[mask]
        return column

    # Tests

    def tested(
        self, rule: Rule, values: Values, rows: dict[tuple[int, int], Row], cells: tuple[Row, ...]
    ) -> Iterator[Instance]:
        """The instance, if the rule's tests allow it."""
        values = dict(values)
        if all(self._holds(test, values) for test in rule.tests):
            premises = tuple(rows[place] for place in sorted(rows))
            yield Instance(rule, values, tuple(dict.fromkeys((*premises, *cells))))

    def _holds(self, test: object, values: Values) -> bool:
        if isinstance(test, Differ):
            a, b = values[test.left.name], values[test.right.name]
            rep = self.engine.frozen
            if rep is not None and max(a, b) < len(rep):
                return bool(rep[a] != rep[b])
            return a != b
        if isinstance(test, Sum):
            left, right = self._operand(test.left, values), self._operand(test.right, values)
            total = years.add(left, right, test.sign) if left and right else None
            number = self.engine.terms.find(total) if total is not None else None
            if number is None:
                return False
            bound = values.setdefault(test.result.name, number)
            return bound == number
        if isinstance(test, Value):
            v = self._token(values[test.left.name])
            if test.kind == "missing":
                return is_literal(v) and is_ill_typed(v)
            assert test.right
            return in_datatype(v, self._token(values[test.right.name])) is False
        return True

    def _operand(self, side: Operand, values: Values) -> Term | None:
        term = self._token(values[side.node.name]) if isinstance(side.node, Var) else side.node
        return years.year_of(term) if side.year else term

    def _token(self, number: int) -> Term:
        return self.engine.terms.token(number)


def placed(atom: Named, here: int, names: Values, size: int) -> Named:
    """A premise with its indices made numbers: those that pick, and that of `each`."""
    for index, k in names.items():
        atom = shifted(atom, index, k, size)
    return shifted(atom, "i" if here else "", here, size)


def spelt(atom: Atom) -> bool:
    """Whether a premise names a literal."""
    return isinstance(atom.o, str) and is_literal(atom.o)


def unify(atom: Named, row: Row) -> Values | None:
    """What the names of a premise must stand for to make it the triple."""
    found: Values = {}
    for node, term in zip(atom, row, strict=True):
        if isinstance(node, int):
            if node != term:
                return None
        elif found.setdefault(node, term) != term:
            return None
    return found
