"""Selections: the tests of rules on columns (inequality, sums of years, datatypes)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foedus.reasoning.evaluation.joins import Table
from foedus.reasoning.evaluation.state import State
from foedus.reasoning.planning.plan import BoundTest, RulePlan
from foedus.reasoning.rules.datatypes import in_datatype, is_ill_typed
from foedus.reasoning.rules.rule import Differ, Sum, ValueTest, Var
from foedus.reasoning.rules.value_tests import total
from foedus.reasoning.storage.columns import Ids
from foedus.terms import Term, is_literal


def apply_tests(plan: RulePlan, table: Table, state: State) -> dict[int, Ids]:
    """The columns of the rows that pass a plan's tests; the table is changed."""
    for test in plan.tests:
        if isinstance(test.test, Differ):
            left, right = (_column(plan, test, v, table) for v in (test.test.left, test.test.right))
            rep = state.frozen
            if rep is not None and len(rep):
                left, right = (
                    np.where(side < len(rep), rep[np.minimum(side, len(rep) - 1)], side)
                    for side in (left, right)
                )
            table.keep(left != right)
        elif isinstance(test.test, Sum):
            _sum(plan, test, test.test, table, state)
        elif isinstance(test.test, ValueTest):
            _value(plan, test, test.test, table, state)
    return table.columns


def _column(plan: RulePlan, test: BoundTest, var: Var, table: Table) -> Ids:
    """The values of a variable, which specialization may have bound to a constant."""
    found = table.columns.get(test.numbers[var.name])
    return np.full(table.size, plan.values[var.name]) if found is None else found


def _value(plan: RulePlan, named: BoundTest, test: ValueTest, table: Table, state: State) -> None:
    tokens = state.terms.tokens(_column(plan, named, test.left, table))
    if test.kind == "missing":
        keep = [is_literal(v) and is_ill_typed(v) for v in tokens]
    else:
        assert test.right
        kinds = state.terms.tokens(_column(plan, named, test.right, table))
        keep = [in_datatype(v, d) is False for v, d in zip(tokens, kinds, strict=True)]
        if state.equality:
            values = _column(plan, named, test.left, table).tolist()
            keep = [
                known or any(in_datatype(w, d) is False for w in _others(v, state))
                for v, d, known in zip(values, kinds, keep, strict=True)
            ]
    table.keep(np.array(keep, np.bool_))


def _others(number: int, state: State) -> list[Term]:
    same = state.equality.same(number)
    return state.terms.tokens(np.array(same, np.int64)) if len(same) > 1 else []


def _sum(plan: RulePlan, named: BoundTest, test: Sum, table: Table, state: State) -> None:
    nodes = (side.node for side in (test.left, test.right))
    columns = {
        var.name: state.terms.tokens(_column(plan, named, var, table))
        for var in nodes
        if isinstance(var, Var)
    }

    def values(row: int) -> Callable[[str], Term]:
        return lambda name: columns[name][row]

    totals = [total(test, values(row)) for row in range(table.size)]
    rows = np.array([i for i, total in enumerate(totals) if total is not None], np.int64)
    table.take(rows)
    numbers = state.numbers([total for total in totals if total is not None])
    result = named.numbers[test.result.name]
    if result in table.columns:
        table.keep(table.columns[result] == numbers)
    else:
        table.columns[result] = numbers
