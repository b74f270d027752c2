"""A rule as a value: its premises, tests, conclusions and sentence.

How a rule instance is written down (``Bindings``, in proofs): ``"x"`` is bound to the term that
``?x`` stands for, ``"c_1"``, ``"c_2"``, ... to the members of the list and the variables indexed
like them, and an index that picks one member, ``"i"``, to its position, ``"2"``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from foedus.terms import Term, Triple

Bindings: TypeAlias = Mapping[str, Term]

#: The most members of a list that a sentence names; the others are counted.
MOST = 10


@dataclass(frozen=True, slots=True)
class Var:
    """A variable: ``?x``, or one of a family: ``?c_i``, ``?u_i+1``, ``?u_1``, ``?u_n+1``.

    ``index`` is empty, a letter (``n`` is the length of the list) or a number.
    """

    name: str
    index: str = ""
    shift: int = 0

    def key(self, bindings: Bindings, length: int = 0, here: int = 0) -> str:
        """The name of this variable in ``bindings``; ``here`` is the ``each`` member's position."""
        if not self.index:
            return self.name
        if self.index.isdigit():
            number = int(self.index)
        elif self.index == "n":
            number = length
        else:
            number = here or int(bindings[self.index])
        return f"{self.name}_{number + self.shift}"

    def __str__(self) -> str:
        shift = f"+{self.shift}" if self.shift else ""
        return f"?{self.name}_{self.index}{shift}" if self.index else f"?{self.name}"


Node: TypeAlias = Term | Var


@dataclass(frozen=True, slots=True)
class Atom:
    """A triple with variables; with ``each`` it stands for one triple per member of the list."""

    s: Node
    p: Node
    o: Node
    each: bool = False

    def __iter__(self) -> Iterator[Node]:
        return iter((self.s, self.p, self.o))

    def __str__(self) -> str:
        return ("each " if self.each else "") + " ".join(map(str, self))

    def unify(self, triple: Triple) -> dict[str, Term] | None:
        """The bindings that make an atom without indices the triple; None if there are none."""
        found: dict[str, Term] = {}
        for node, term in zip(self, triple, strict=True):
            if isinstance(node, Var):
                if found.setdefault(node.name, term) != term:
                    return None
            elif node != term:
                return None
        return found


@dataclass(frozen=True, slots=True)
class ListOf:
    """``?l list ?c_i``: the members of the list ``head`` are ``c_1`` to ``c_n``, n at least 1."""

    head: Var
    member: str


@dataclass(frozen=True, slots=True)
class Before:
    """``i < j``: the first index picks an earlier member of the list than the second."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Differ:
    """``?a != ?b``: two terms that are neither identical nor known to be owl:sameAs.

    Known by the rules without such a test: these are a lower stratum and run first, to their
    fixpoint, so that the result does not depend on the order of evaluation.
    """

    left: Var
    right: Var


@dataclass(frozen=True, slots=True)
class Operand:
    """A number, a variable, or the year of one: ``20``, ``?k``, ``year(?d)``."""

    node: Node
    year: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """``?n = year(?d) + ?k``: binds, or tests, a sum (``sign`` 1) or difference (``sign`` -1)."""

    result: Var
    left: Operand
    sign: int
    right: Operand


@dataclass(frozen=True, slots=True)
class ValueTest:
    """A test of literals by value: ``in`` or ``not in`` a datatype, ``=``, ``!=``, ``missing``."""

    left: Var
    kind: str
    right: Var | None = None


Test: TypeAlias = Before | Differ | Sum | ValueTest


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the table. ``conclusions`` is None where the rule derives a contradiction."""

    id: str
    premises: tuple[Atom, ...]
    conclusions: tuple[Atom, ...] | None
    lists: tuple[ListOf, ...]
    tests: tuple[Test, ...]
    says: str
    example: tuple[Triple, ...]
    table: int | None = None
    stored: bool = True
    reason: str = ""
    note: str = ""
    #: The general law behind a rule of a domain, where no axiom of the ontology states it.
    law: str = ""
    written: tuple[str, ...] = field(default=(), compare=False)
    #: The indices that pick one member of the list: ``("i",)`` in cls-int2, none in cls-int1.
    picks: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        atoms = [a for a in self.premises if not a.each] + list(self.conclusions or ())
        found = {n.index for a in atoms for n in a if isinstance(n, Var) and n.index.isalpha()}
        object.__setattr__(self, "picks", tuple(sorted(found - {"n"})))

    def length(self, bindings: Bindings) -> int:
        """The length of the rule's list under these bindings, 0 without a list."""
        if not self.lists:
            return 0
        count = 0
        while f"{self.lists[0].member}_{count + 1}" in bindings:
            count += 1
        return count

    def sentence(self, bindings: Bindings, label: Callable[[Term], str]) -> str:
        """One instance of the rule as a sentence, with labels filled in and no full stop.

        >>> from foedus.reasoning.rules.table import ruleset
        >>> labels = {"<a>": "Ann", "<C>": "Ally", "<p>": "signed", "<b>": "the treaty"}
        >>> names = {"x": "<a>", "c": "<C>", "p": "<p>", "y": "<b>"}
        >>> ruleset()["prp-dom"].sentence(names, labels.__getitem__)
        'Ann is an Ally, because Ann signed the treaty, and whatever signed anything is an Ally'
        """
        length = self.length(bindings)

        def one(name: str, here: int = 0) -> str:
            return label(bindings[variable(name).key(bindings, length, here)])

        def fill(found: re.Match[str]) -> str:
            words = found[2].split()
            if words[0] == "each":
                steps = [" ".join(one(w, k) for w in words[1:]) for k in range(1, length + 1)]
            else:
                index = variable(words[0]).index
                every = index.isalpha() and index != "n" and index not in bindings
                ks = range(1, length + 1) if every else range(1)
                steps = [one(words[0], k) for k in ks]
            if len(steps) > MOST:
                steps[MOST - 1 :] = [f"{len(steps) - MOST + 1:,} more"]
            text = ", ".join(steps[:-1]) + (" and " if steps[1:] else "") + steps[-1]
            article = "an " if found[1] and text[:1].lower() in "aeiou" else found[1] or ""
            return article + text

        return re.sub(r"(\ba )?\{([^}]+)\}", fill, self.says)


_VARIABLE = re.compile(r"\??([A-Za-z]\w*?)(?:_([ijn]|\d+)(?:\+(\d+))?)?")


def variable(text: str) -> Var:
    """The variable that is written ``?c_i``, or ``c_i`` in a sentence."""
    found = _VARIABLE.fullmatch(text)
    if not found:
        raise ValueError(f"'{text}' is not a variable")
    return Var(found[1], found[2] or "", int(found[3] or 0))
