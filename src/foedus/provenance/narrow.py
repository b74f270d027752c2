"""The query that is asked again for one row: its pattern with the row's values, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foedus.provenance.scope import Row, within
from foedus.sparql.tree import (
    Bind,
    Expression,
    Graph,
    Group,
    Optional,
    Part,
    Union,
    Values,
    is_variable,
)
from foedus.terms import Term, is_blank


class Narrowed:
    """Writes a group with the row's values set, and a marker where a branch was taken.

    ``marks`` holds the marker's variable by the ``id`` of the branch, once it is written.
    ``loose``: the values may come from elsewhere, so that an unbound variable agrees.
    """

    def __init__(self, row: Row, loose: bool = False) -> None:
        self.row, self.loose = row, loose
        self.marks: dict[int, str] = {}

    def taken(
        self, group: Group, solution: Row, name: Term | None = None
    ) -> Iterator[tuple[Part, Group, Term | None]]:
        """The parts through which a solution of the query went.

        Each with the group it stands in and the named graph around it. Groups are gone through,
        as are the branches that were taken; an OPTIONAL is told where it found nothing.
        """
        for part in group.parts:
            there = name
            if isinstance(part, Graph):
                there = solution.get(part.name) if is_variable(part.name) else part.name
                # A sub-select hides which graph it was: it is one of any name, then.
                there = there or f"?_graph_{part.name[1:]}"
            marks = [(inner, self.marks.get(id(inner))) for inner in part.groups()]
            taken = [inner for inner, mark in marks if mark is None or solution.get(mark)]
            for inner in taken:
                yield from self.taken(inner, solution, there)
            if not taken:
                yield part, group, name

    def pinned(self, where: Group) -> dict[str, Term]:
        """The row's blank nodes that the store can be given beside the query, as no query can.

        Only for variables that every solution binds: the store joins them to what it finds.
        """
        sure = where.certain()
        return {v: t for v, t in self.row.items() if t and is_blank(t) and v in sure}

    def query(self, where: Group, limit: int) -> str:
        """A SELECT of what the group binds, for this row; blank nodes are left to the caller."""
        known = self._known(where)
        either = "!BOUND({0}) || " if self.loose else ""
        tests = [
            f"FILTER({either.format(v)}sameTerm({v}, {t}))" if t else f"FILTER(!BOUND({v}))"
            for v, t in self.row.items()
            if v not in known and not (t and is_blank(t))
        ]
        parts = [*map(str, self._marked(where).parts), *tests]
        text = f"SELECT * WHERE {{ {' '.join(parts)} }}"
        pinned = self.pinned(where)
        unnamed = any(t and is_blank(t) for v, t in self.row.items() if v not in pinned)
        return text if unnamed else f"{text} LIMIT {limit}"

    def _known(self, group: Group) -> dict[str, Term]:
        """The row's values for what this group's own patterns bind."""
        bound = {p.variable for p in group.parts if isinstance(p, Bind)}
        own = set().union(*(p.binds() for p in group.patterns())) - bound
        known = {v: self.row.get(v) for v in sorted(own)}
        return {v: t for v, t in known.items() if t and not is_blank(t)}

    def _marked(self, group: Group) -> Group:
        """The group with the row's values, and marks in those of its groups that may be left."""
        known = self._known(group)
        values = [Values(tuple(known), (tuple(known.values()),))] if known else []
        return Group((*values, *map(self._around, group.parts)))

    def _around(self, part: Part) -> Part:
        inner = [(group, self._marked(group)) for group in part.groups()]
        if not isinstance(part, Optional | Union):
            return part.around(group for _, group in inner)
        return part.around(
            Group((*marked.parts, Bind(Expression(("true",)), self._mark(group))))
            for group, marked in inner
        )

    def _mark(self, group: Group) -> str:
        return self.marks.setdefault(id(group), f"?_way{len(self.marks)}")


def inside(name: Term | None, group: Group) -> Group:
    """The group, within the named graph around it."""
    return Group((Graph(name, group),)) if name else group


def correlated(group: Group, solution: Row) -> tuple[Group, Row]:
    """A group that sees the solution around it, as EXISTS does."""
    row = within(group, solution)
    named = {v: t for v, t in row.items() if t and not is_blank(t)}
    return Group((Values(tuple(named), (tuple(named.values()),)), *group.parts)), row


def outcomes(
    expression: Expression, answers: Iterable[Iterable[bool]], solution: Row, truth: bool
) -> str:
    """A SELECT of what the expression gives for a solution, one column for each row of answers.

    ``answers`` hold one truth for each EXISTS in it; the columns are ``?_out0``, ``?_out1`` ...
    ``truth``: only whether it is true, as a filter asks, where an error is as good as false.
    """
    row = {v: t for v, t in solution.items() if t and v in expression.variables()}
    tried = enumerate(map(expression.answered, answers))
    shape = "COALESCE(IF({}, true, false), false)" if truth else "{}"
    binds = (f"BIND({shape.format(made)} AS ?_out{i})" for i, made in tried)
    values = Values(tuple(row), (tuple(row.values()),))
    return f"SELECT * WHERE {{ {values} {' '.join(binds)} }}"
