"""Plans: rules with numbers for terms and variables, as the engine runs them.

A premise is ``(code, s, o)``. The code is that of a relation: a property's number, or ``~number``
of a class, whose one argument is ``s``. An argument is a term's number, or negative for a variable.
A rule whose premises all name their relation is a plan as it is. The others ("whatever has a
domain") are *templates*: their premises over the ontology are solved first, and each solution makes
a plan of the premises left, which is partial evaluation. Lists are unfolded then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.rules.rule import Atom, Before, Differ, Rule, Sum, Test, ValueTest, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.terms import Term
from foedus.vocab import DIFFERENT, FIRST, NIL, OWL, RDF, RDFS, REST, SAME, TYPE

#: The code of the relation between a list and each of its members.
LIST: Final = 1 << 40

#: A wildcard among the relations that a template is solved over: all of them.
EVERY: Final = LIST + 1

#: Kinds of plans with an algorithm of their own: ``storage/reachability.py``, ``grouping.py``.
TRANSITIVE, GROUP = "transitive", "group"

Premise: TypeAlias = tuple[int, int, int]

#: What identifies a plan of a template: the numbers of a solution, where these determine the plan.
PlanKey: TypeAlias = tuple[Any, ...]

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})  # there may be a plan for each class


#: The words that the engine itself knows, in the order of ``Vocabulary``.
WORDS = (TYPE, SAME, DIFFERENT, FIRST, REST, NIL)


class RulePlan:
    """The join plan of a rule whose relations are known.

    ``seen`` is the last round whose triples it has read (semi-naive evaluation joins what is
    newer), ``born`` the last round before it was made.
    """

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
        self,
        rule: str,
        body: tuple[Premise, ...],
        head: Premise | None,
        tests: tuple[BoundTest, ...],
    ) -> None:
        self.rule, self.body, self.head, self.tests = rule, body, head, tests
        self.kind = ""
        self.seen = self.born = -1
        self.orders: dict[int, object] | None = None
        self.check: RulePlan | None = (
            None  # the plan with its head as first premise, for rederivation
        )
        self.names: Mapping[str, int] = _NOTHING  # the numbers of variables, by name
        self.values: Mapping[str, int] = _NOTHING  # what the ontology bound variables to

    @property
    def half(self) -> RulePlan | None:
        """One half of a body that is symmetric in the head's two variables, or None."""
        assert self.head is not None
        _, a, b = self.head
        if a >= 0 or b >= 0 or a == b or self.tests:
            return None

        def swapped(premise: Premise) -> Premise:
            code, s, o = premise
            names = {a: b, b: a}
            return code, names.get(s, s), names.get(o, o)

        body = set(self.body)
        if {swapped(premise) for premise in body} != body:
            return None
        if any({a, b} <= {s, o} for _, s, o in body):
            return None
        return RulePlan(self.rule, tuple(p for p in self.body if b not in p[1:]), (0, a, a), ())

    @property
    def is_copy(self) -> bool:
        """Whether the body is a single premise without tests: a projection or selection."""
        return len(self.body) == 1 and not self.tests and self.body[0][0] != LIST

    @property
    def reads(self) -> set[int]:
        """The codes of its premises."""
        return {code for code, _, _ in self.body}

    @property
    def constants(self) -> set[int]:
        """The terms that occur in it."""
        found: set[int] = set()
        for code, s, o in self.body if self.head is None else (*self.body, self.head):
            found |= {~code if code < 0 else code, s, o}
        return {term for term in found if 0 <= term < LIST}

    @property
    def wanted(self) -> set[int]:
        """The variables that occur in the head or in tests, which the join must keep."""
        heads = self.head[1:] if self.head is not None else ()
        tested = (n for test in self.tests for n in test.numbers.values())
        return {t for t in (*heads, *tested) if t < 0}

    def is_twin(self, number: int) -> bool:
        """Whether a premise of a symmetric plan would only find the pairs of its twin again."""
        if self.kind != GROUP or self.head is None:
            return False
        return self.head[2] in self.body[number][1:]

    def like(self, body: tuple[Premise, ...], head: Premise | None) -> RulePlan:
        """The plan of the same rule with other premises and conclusion."""
        made = RulePlan(self.rule, body, head, self.tests)
        made.kind, made.names = self.kind, self.names
        return made

    def fresh(self) -> RulePlan:
        """A copy for another graph; join orders, which depend on no graph, are shared."""
        made = self.like(self.body, self.head)
        if self.orders is None:
            self.orders = {}
        made.orders, made.check = self.orders, self.check
        return made


class Pairs(RulePlan):
    """A contradiction between any two members of a list: a plan for each member.

    The head of such a part holds the variables that two members must share or, if the rule asks
    whether two members are equal, only the member.
    """

    __slots__ = ("members", "parts", "shared")

    def __init__(
        self, rule: str, members: tuple[int, ...], parts: list[RulePlan], shared: int
    ) -> None:
        super().__init__(rule, (), None, ())
        self.kind = "pairs"
        self.members, self.parts, self.shared = members, parts, shared

    @property
    def reads(self) -> set[int]:
        """The codes that its parts read."""
        return {code for part in self.parts for code in part.reads}

    @property
    def constants(self) -> set[int]:
        """The members."""
        return set(self.members)


@dataclass(frozen=True, slots=True)
class BoundTest:
    """A test of a plan, with the numbers of its variables by name."""

    test: Test
    numbers: dict[str, int] = field(hash=False)


@dataclass(eq=False)
class RuleTemplate:
    """A rule to be specialized by solving its premises over the ontology; with named variables."""

    rule: Rule
    known: list[Named]  # premises over the ontology, `list` ones included
    rest: list[Named]  # premises over the data
    each: list[Named]  # those that stand for one premise per member of the list
    heads: list[Named]
    member: str = ""  # the indexed variable of the list's members
    head_of_list: str = ""
    pairs: tuple[str, str] | None = None  # two indices, the first before the second
    tests: tuple[Test, ...] = ()
    redundant: list[dict[str, int]] = field(default_factory=list)  # solutions subsumed by others
    skips: frozenset[str] = frozenset()  # rules whose conclusions need no plan: subsumed
    watches: frozenset[int] = frozenset()  # the relations that the premises over the ontology read
    query: RulePlan | None = None  # the join of these premises
    names: tuple[str, ...] = ()  # its variables, sorted; a solution is a tuple of their values
    reads: tuple[tuple[int, bool], ...] | None = None  # positions of codes read; as a class?
    target: int | None = None  # the position of the class that plans conclude
    loose: bool = False  # whether a premise ranges over all properties or classes
    models: dict[PlanKey, list[RulePlan]] = field(default_factory=dict)  # by kind of solution
    made: dict[object, list[RulePlan]] = field(default_factory=dict)  # the plans by solution
    seen: int = -1  # the last round whose triples the query has read
    turn: int = 0  # how often it was solved from the beginning

    def fresh(self) -> RuleTemplate:
        """A copy for another graph, without plans."""
        made = RuleTemplate.__new__(RuleTemplate)  # dataclasses.replace takes many times as long
        made.__dict__.update(self.__dict__)
        made.query = self.query.fresh() if self.query else None
        made.made, made.seen = {}, -1
        return made


#: A premise before its variables are numbered: each node is a term's number or a variable's name.
Argument: TypeAlias = int | str
Named: TypeAlias = tuple[Argument, Argument, Argument]

#: The "predicate" of `?l list ?c_i` in a named premise.
LISTS: Final = -(1 << 41)


class Vocabulary:
    """The numbers of the terms that occur in rules."""

    def __init__(self, rules: RuleSet, terms: Terms, datatypes: Iterable[Term]) -> None:
        constants = [*WORDS]
        for rule in rules:
            for atom in (*rule.premises, *(rule.conclusions or ())):
                constants += [node for node in atom if not isinstance(node, Var)]
        constants += [node for atom in rules.trivial for node in atom if not isinstance(node, Var)]
        tokens = list(dict.fromkeys([*constants, *sorted(datatypes)]))
        self._call(dict(zip(tokens, terms.intern_many(tokens).tolist(), strict=True)))
        data = {self.type, self.same, self.different}
        self.schema = {
            number
            for token, number in self.ids.items()
            if token.startswith((f"<{RDF}", f"<{RDFS}", f"<{OWL}")) and number not in data
        }

    def rename(self, of: Callable[[int], int]) -> None:
        """Replace each term by its representative."""
        self._call({token: of(number) for token, number in self.ids.items()})
        self.schema = {of(number) for number in self.schema}

    def _call(self, ids: dict[Term, int]) -> None:
        self.ids, self.numbers = ids, frozenset(ids.values())
        numbers = (ids[word] for word in WORDS)
        self.type, self.same, self.different, self.first, self.rest, self.nil = numbers


def named(atom: Atom, ids: dict[Term, int]) -> Named:
    """A premise with constants as numbers and variables as names."""
    s, p, o = (
        str(node)[1:] if isinstance(node, Var) else ids[node] for node in (atom.s, atom.p, atom.o)
    )
    return s, p, o


def replaced(atom: Named, values: dict[str, int]) -> Named:
    """A premise with values substituted for some of its variables."""
    s, p, o = atom
    return (
        values.get(s, s) if isinstance(s, str) else s,
        values.get(p, p) if isinstance(p, str) else p,
        values.get(o, o) if isinstance(o, str) else o,
    )


def unify(atom: Named, fact: tuple[int, int, int]) -> dict[str, int] | None:
    """The substitution that makes a premise the fact; None if there is none."""
    found: dict[str, int] = {}
    for node, term in zip(atom, fact, strict=True):
        if isinstance(node, int):
            if node != term:
                return None
        elif found.setdefault(node, term) != term:
            return None
    return found


def variables(atoms: Iterable[Named]) -> set[str]:
    """The variables in premises."""
    return {node for atom in atoms for node in atom if isinstance(node, str)}


def parameters(atoms: Iterable[Named], vocabulary: Vocabulary) -> set[str]:
    """The variables in the position of a property or a class."""
    found: set[str] = set()
    for _, p, o in atoms:
        if isinstance(p, str):
            found.add(p)
        elif p == vocabulary.type and isinstance(o, str):
            found.add(o)
    return found


def read_template(rule: Rule, vocabulary: Vocabulary) -> RuleTemplate:
    """A rule with its premises divided into those over the ontology and those over the data."""
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
    whole = bool(each or pairs)  # the list is unfolded
    if not open_ and not whole:
        return RuleTemplate(rule, [], plain + lists, [], heads, member, head_of_list, None, tests)
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
    return RuleTemplate(rule, known, rest, each, heads, member, head_of_list, pairs, tests)


def is_equality(rules: RuleSet) -> bool:
    """Whether the rules make ``owl:sameAs`` a congruence, which representatives then stand for."""
    return all(name in rules for name in ("eq-sym", "eq-trans", "eq-rep-s", "eq-rep-p", "eq-rep-o"))


BUILTIN: Final = frozenset({"eq-ref", "eq-sym", "eq-trans", "eq-rep-s", "eq-rep-p", "eq-rep-o"})


def has(rule: Rule, kind: type) -> bool:
    """Whether a rule has a test of this kind."""
    return any(isinstance(test, kind) for test in rule.tests)


def value_rule(rule: Rule) -> str:
    """The kind of a datatype rule's test, or ''."""
    return next((test.kind for test in rule.tests if isinstance(test, ValueTest)), "")


def plan_of(
    rule: Rule,
    body: Iterable[Named],
    head: Named | None,
    vocabulary: Vocabulary,
    tests: tuple[Test, ...] = (),
) -> RulePlan:
    """The plan of premises whose relations are all known."""
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
    made = RulePlan(rule.id, different, target, tuple(BoundTest(test, numbers) for test in tests))
    made.names = numbers
    return made


def _nodes(test: Test) -> list[object]:
    if isinstance(test, Differ):
        return [test.left, test.right]
    if isinstance(test, Sum):
        return [test.left.node, test.right.node, test.result]
    return [test.left, test.right] if isinstance(test, ValueTest) else []
