"""The tests of rules that compute with values: sums of years, and membership in datatypes."""

from __future__ import annotations

from collections.abc import Callable

from foedus.reasoning.rules import years
from foedus.reasoning.rules.datatypes import in_datatype, is_ill_typed
from foedus.reasoning.rules.rule import Operand, Sum, ValueTest, Var
from foedus.terms import Term, is_literal


def total(test: Sum, value: Callable[[str], Term]) -> Term | None:
    """What a test's result must be, from the variables' values; None where nothing is added."""

    def operand(side: Operand) -> Term | None:
        term = value(side.node.name) if isinstance(side.node, Var) else side.node
        return years.year_of(term) if side.year else term

    left, right = operand(test.left), operand(test.right)
    return years.add(left, right, test.sign) if left and right else None


def value_holds(test: ValueTest, value: Callable[[str], Term]) -> bool:
    """Whether a ``missing`` or ``not in`` test holds of the variables' values."""
    left = value(test.left.name)
    if test.right is None:
        return is_literal(left) and is_ill_typed(left)
    return in_datatype(left, value(test.right.name)) is False
