"""Rules as the engine runs them: numbers for terms and variables, and what is known beforehand.

A premise is ``(code, s, o)``. The code is that of a relation: a property's number, or ``~number``
of a class, whose one term stands in ``s``. A term is a number, a variable a negative one. A rule
whose premises all name their relation is a plan as it stands. The others ("what has a domain")
are *patterns*: their premises over the vocabulary are solved first, and each solution makes a
plan of what is left. Lists are unfolded then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from foedus.reasoning.rules.rule import Atom, Before, Differ, Rule, Sum, Test, Value, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.words.dictionary import Terms
from foedus.terms import Term, iri

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_OWL = "http://www.w3.org/2002/07/owl#"
TYPE, FIRST, REST, NIL = (iri(f"{_RDF}{name}") for name in ("type", "first", "rest", "nil"))
SAME, DIFFERENT = iri(f"{_OWL}sameAs"), iri(f"{_OWL}differentFrom")

#: The code of "list o: s has the member o".
LIST: Final = 1 << 40

#: Stands for every relation there is, where patterns say which ones they watch.
EVERY: Final = LIST + 1

#: Plans that are run in a way of their own: ``rows/transitive.py``, ``grouping.py``.
CLOSE, GROUP = "close", "group"

Premise: TypeAlias = tuple[int, int, int]

#: What tells a plan from the others of its pattern: the numbers of a solution, where they say all.
Key: TypeAlias = tuple[Any, ...]

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})  # there may be a plan for each class


class Plan:
    """One rule with its relations known; ``seen`` is the last step whose triples it has used,
    ``born`` the last before it was made."""

    __slots__ = (
        "body",
        "born",
        "check",
        "head",
        "kind",
        "names",
        "orders",
        "rule",
        "seen",
        "tests",
        "values",
    )

    def __init__(
        self, rule: str, body: tuple[Premise, ...], head: Premise | None, tests: tuple[Test2, ...]
    ) -> None:
        self.rule, self.body, self.head, self.tests = rule, body, head, tests
        self.kind = ""
        self.seen = self.born = -1
        self.orders: dict[int, object] | None = None
        self.check: Plan | None = None  # the plan with its head as its first premise
        self.names: Mapping[str, int] = _NOTHING  # of variables
        self.values: Mapping[str, int] = _NOTHING  # of variables that the vocabulary gave

    @property
    def is_copy(self) -> bool:
        """Whether this is one premise turned into the head."""
        return len(self.body) == 1 and not self.tests and self.body[0][0] != LIST

    @property
    def reads(self) -> set[int]:
        """The relations of its premises."""
        return {code for code, _, _ in self.body}

    @property
    def constants(self) -> set[int]:
        """The terms that it names."""
        found: set[int] = set()
        for code, s, o in self.body if self.head is None else (*self.body, self.head):
            found |= {~code if code < 0 else code, s, o}
        return {term for term in found if 0 <= term < LIST}

    @property
    def wanted(self) -> set[int]:
        """The variables that the head and the tests read."""
        heads = self.head[1:] if self.head is not None else ()
        tested = (n for test in self.tests for n in test.numbers.values())
        return {t for t in (*heads, *tested) if t < 0}

    def is_twin(self, number: int) -> bool:
        """Whether a premise is about the second of two like things that a plan makes one.

        The premise about the first finds the same pairs.
        """
        if self.kind != GROUP or self.head is None:
            return False
        return self.head[2] in self.body[number][1:]

    def like(self, body: tuple[Premise, ...], head: Premise | None) -> Plan:
        """The plan of the same rule with other numbers."""
        made = Plan(self.rule, body, head, self.tests)
        made.kind, made.names = self.kind, self.names
        return made

    def fresh(self) -> Plan:
        """The plan for another graph; what does not depend on a graph is shared."""
        made = self.like(self.body, self.head)
        if self.orders is None:
            self.orders = {}
        made.orders, made.check = self.orders, self.check
        return made


class Pairs(Plan):
    """A contradiction between any two members of a list: a part for each member.

    A part is a plan whose head holds the variables that two members must share, or, where the rule
    asks whether two members are one, nothing but the member.
    """

    __slots__ = ("members", "parts", "shared")

    def __init__(self, rule: str, members: tuple[int, ...], parts: list[Plan], shared: int) -> None:
        super().__init__(rule, (), None, ())
        self.kind = "pairs"
        self.members, self.parts, self.shared = members, parts, shared

    @property
    def reads(self) -> set[int]:
        """The relations that its parts read."""
        return {code for part in self.parts for code in part.reads}

    @property
    def constants(self) -> set[int]:
        """The members."""
        return set(self.members)


@dataclass(frozen=True, slots=True)
class Test2:
    """A test of a plan: the test as written, with the numbers of its variables by name."""

    test: Test
    numbers: dict[str, int] = field(hash=False)


@dataclass(eq=False)
class Pattern:
    """A rule that wants its vocabulary solved first. Variables are names until then."""

    rule: Rule
    known: list[Named]  # premises over the vocabulary, `list` ones included
    rest: list[Named]  # the others
    each: list[Named]  # the others that stand for one premise a member
    heads: list[Named]
    member: str = ""  # the family of the list's members
    head_of_list: str = ""
    pairs: tuple[str, str] | None = None  # two indices, the first before the second
    tests: tuple[Test, ...] = ()
    redundant: list[dict[str, int]] = field(default_factory=list)
    skips: frozenset[str] = frozenset()  # rules whose results need no plan: others do their work
    watches: frozenset[int] = frozenset()  # the relations whose growth makes new plans
    query: Plan | None = None  # asks for what is known
    names: tuple[str, ...] = ()  # of what it gives, sorted; a solution has their numbers
    reads: tuple[tuple[int, bool], ...] | None = None  # which of them plans read; as a class?
    target: int | None = None  # which of them is the class that they conclude
    loose: bool = False  # whether a premise may be about any property or class there is
    models: dict[Key, list[Plan]] = field(default_factory=dict)  # by kind of solution
    made: dict[object, list[Plan]] = field(default_factory=dict)
    seen: int = -1
    turn: int = 0  # how often it was solved from the beginning

    def fresh(self) -> Pattern:
        """The pattern for another graph, which has made no plans yet."""
        made = Pattern.__new__(Pattern)  # dataclasses.replace takes many times as long
        made.__dict__.update(self.__dict__)
        made.query = self.query.fresh() if self.query else None
        made.made, made.seen = {}, -1
        return made


#: A premise before its variables have numbers: each node a number or a name.
Node: TypeAlias = int | str
Named: TypeAlias = tuple[Node, Node, Node]

#: The "predicate" of `?l list ?c_i` in a named premise.
LISTS: Final = -(1 << 41)


class Vocabulary:
    """The numbers of the terms that rules name."""

    def __init__(self, rules: RuleSet, terms: Terms, datatypes: Iterable[Term]) -> None:
        constants = [TYPE, SAME, DIFFERENT, FIRST, REST, NIL]
        for rule in rules:
            for atom in (*rule.premises, *(rule.conclusions or ())):
                constants += [node for node in atom if not isinstance(node, Var)]
        constants += [node for atom in rules.noise for node in atom if not isinstance(node, Var)]
        tokens = list(dict.fromkeys([*constants, *sorted(datatypes)]))
        self._call(dict(zip(tokens, terms.intern_many(tokens).tolist(), strict=True)))
        data = {self.type, self.same, self.different}
        self.schema = {
            number
            for token, number in self.ids.items()
            if token.startswith((f"<{_RDF}", f"<{_RDFS}", f"<{_OWL}")) and number not in data
        }

    def rename(self, of: Callable[[int], int]) -> None:
        """Call each term by its representative."""
        self._call({token: of(number) for token, number in self.ids.items()})
        self.schema = {of(number) for number in self.schema}

    def _call(self, ids: dict[Term, int]) -> None:
        self.ids, self.numbers = ids, frozenset(ids.values())
        self.type, self.same, self.different = ids[TYPE], ids[SAME], ids[DIFFERENT]
        self.first, self.rest, self.nil = ids[FIRST], ids[REST], ids[NIL]


def named(atom: Atom, ids: dict[Term, int]) -> Named:
    """A premise with constants as numbers and variables as names."""
    s, p, o = (
        str(node)[1:] if isinstance(node, Var) else ids[node] for node in (atom.s, atom.p, atom.o)
    )
    return s, p, o


def replaced(atom: Named, values: dict[str, int]) -> Named:
    """A premise with some of its names replaced."""
    s, p, o = atom
    return (
        values.get(s, s) if isinstance(s, str) else s,
        values.get(p, p) if isinstance(p, str) else p,
        values.get(o, o) if isinstance(o, str) else o,
    )


def variables(atoms: Iterable[Named]) -> set[str]:
    """The names in premises."""
    return {node for atom in atoms for node in atom if isinstance(node, str)}


def parameters(atoms: Iterable[Named], vocabulary: Vocabulary) -> set[str]:
    """The names that stand for a property or a class."""
    found: set[str] = set()
    for _, p, o in atoms:
        if isinstance(p, str):
            found.add(p)
        elif p == vocabulary.type and isinstance(o, str):
            found.add(o)
    return found


def read_rule(rule: Rule, vocabulary: Vocabulary) -> Pattern:
    """The rule taken apart: what is over the vocabulary, what is data."""
    ids = vocabulary.ids
    plain = [named(a, ids) for a in rule.premises if not a.each]
    each = [named(a, ids) for a in rule.premises if a.each]
    heads = [named(a, ids) for a in rule.conclusions or ()]
    member = rule.lists[0].member if rule.lists else ""
    head_of_list = rule.lists[0].head.name if rule.lists else ""
    before = next((t for t in rule.tests if isinstance(t, Before)), None)
    pairs = (before.left, before.right) if before else None
    tests = tuple(t for t in rule.tests if not isinstance(t, Before))
    open_ = parameters([*plain, *each, *heads], vocabulary)
    lists: list[Named] = []
    if rule.lists and not pairs:
        lists = [(head_of_list, LISTS, f"{member}_{i}") for i in rule.picks]
    whole = bool(each or pairs)  # the list is unfolded, member by member
    if not open_ and not whole:
        return Pattern(rule, [], plain + lists, [], heads, member, head_of_list, None, tests)
    known: list[Named] = []
    rest: list[Named] = []
    for atom in plain:
        _, p, _ = atom
        closed = isinstance(p, int) and not parameters([atom], vocabulary)
        listed = whole and head_of_list in atom
        if (closed and (p in vocabulary.schema or variables([atom]) & open_ or listed)) or (
            closed and p == vocabulary.type and atom[2] in vocabulary.schema
        ):
            known.append(atom)
        else:
            rest.append(atom)
    for atom in lists:
        (known if atom[2] in open_ else rest).append(atom)
    return Pattern(rule, known, rest, each, heads, member, head_of_list, pairs, tests)


def is_equality(rules: RuleSet) -> bool:
    """Whether the rules make ``owl:sameAs`` a full equality, to be kept by representatives."""
    return all(name in rules for name in ("eq-sym", "eq-trans", "eq-rep-s", "eq-rep-p", "eq-rep-o"))


BUILTIN: Final = frozenset({"eq-ref", "eq-sym", "eq-trans", "eq-rep-s", "eq-rep-p", "eq-rep-o"})


def has(rule: Rule, kind: type) -> bool:
    """Whether a rule has a test of a kind."""
    return any(isinstance(test, kind) for test in rule.tests)


def value_rule(rule: Rule) -> str:
    """The kind of a datatype rule's test, or ''."""
    return next((test.kind for test in rule.tests if isinstance(test, Value)), "")


def plan(
    rule: Rule,
    body: Iterable[Named],
    head: Named | None,
    vocabulary: Vocabulary,
    tests: tuple[Test, ...] = (),
) -> Plan:
    """A plan from premises whose properties and classes are all known."""
    numbers: dict[str, int] = {}
    premises: list[Premise] = []
    for s, p, o in body if head is None else (*body, head):
        if isinstance(s, str):
            s = numbers.setdefault(s, -1 - len(numbers))
        assert isinstance(p, int)
        if p == vocabulary.type and isinstance(o, int):
            premises.append((~o, s, 0))
            continue
        if isinstance(o, str):
            o = numbers.setdefault(o, -1 - len(numbers))
        premises.append((LIST if p == LISTS else p, s, o))
    target = premises.pop() if head is not None else None
    for test in tests:
        for node in _nodes(test):
            if isinstance(node, Var):
                numbers.setdefault(node.name, -1 - len(numbers))
    different = tuple(dict.fromkeys(premises))
    made = Plan(rule.id, different, target, tuple(Test2(test, numbers) for test in tests))
    made.names = numbers
    return made


def _nodes(test: Test) -> list[object]:
    if isinstance(test, Differ):
        return [test.left, test.right]
    if isinstance(test, Sum):
        return [test.left.node, test.right.node, test.result]
    return [test.left, test.right] if isinstance(test, Value) else []
