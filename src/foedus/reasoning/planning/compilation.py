"""Compile rules once for all graphs: constants become numbers, premises a plan or a template.

A rule becomes one of three things: axioms (facts without premises), plans that can run as they are,
or a template that is specialized against the ontology of a graph, each solution making a plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from itertools import repeat
from operator import invert
from typing import Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.planning.plan import (
    BUILTIN,
    EVERY,
    GROUP,
    LIST,
    LISTS,
    TRANSITIVE,
    Named,
    PlanKey,
    Premise,
    RulePlan,
    RuleTemplate,
    Vocabulary,
    has,
    is_equality,
    parameters,
    plan_of,
    read_template,
    replaced,
    value_rule,
    variables,
)
from foedus.reasoning.planning.subsumption import prune
from foedus.reasoning.rules.datatypes import DATATYPES
from foedus.reasoning.rules.rule import Differ, Rule, Var
from foedus.reasoning.rules.table import RuleSet
from foedus.reasoning.storage.columns import SHIFT, Ids

#: Which subjects and objects are trivial in a relation: None is any, -1 the object itself.
TrivialForm: TypeAlias = tuple[int | None, int | None]
ALL: Final[TrivialForm] = None, None


class Trivial(NamedTuple):
    """The keys of a relation that are trivial: all of some subjects (sorted), and other forms."""

    subjects: Ids
    forms: list[TrivialForm]


class CompiledRules:
    """The compiled rules for one vocabulary; ``like`` are the same with some numbers changed."""

    def __init__(
        self, rules: RuleSet, vocabulary: Vocabulary, like: CompiledRules | None = None
    ) -> None:
        self._vocabulary = copy(vocabulary)
        self.equal = is_equality(rules)
        self.trivial = trivial_of(rules, vocabulary)
        #: Classes whose members are all trivial: computed only on demand, when a plan reads them.
        self.idle = {
            code for code, trivial in self.trivial.items() if code < 0 and ALL in trivial.forms
        }
        self.first = Stratum(self.equal, vocabulary)
        self.second = Stratum(self.equal, vocabulary)
        for rule in rules:
            if not (self.equal and rule.id in BUILTIN):
                (self.second if has(rule, Differ) else self.first).take(rule)
        if like is not None and self._repeats(like):
            return
        sources = [r for r in rules if r.premises and r.conclusions and not r.tests]
        prune(self.first.templates, self.first.templates, sources, vocabulary)
        prune(self.second.templates, self.templates, sources, vocabulary)

    @property
    def templates(self) -> list[RuleTemplate]:
        """All templates, those of the second stratum last."""
        return [*self.first.templates, *self.second.templates]

    def _repeats(self, like: CompiledRules) -> bool:
        """Copy which plans are redundant, if the same constants are distinct terms as before."""
        old, new = like._vocabulary.ids, self._vocabulary.ids
        if not len(old) == len(set(old.values())) == len(set(new.values())):
            return False
        now = {number: new[token] for token, number in old.items()}
        for mine, theirs in zip(self.templates, like.templates, strict=True):
            mine.skips = theirs.skips
            mine.redundant = [{k: now[n] for k, n in guard.items()} for guard in theirs.redundant]
        return True

    @property
    def vocabulary(self) -> Vocabulary:
        """The numbers of constants: a copy, which may be changed."""
        return copy(self._vocabulary)


class Stratum:
    """The rules of one stratum; those with ``!=`` are the second."""

    def __init__(self, equal: bool, vocabulary: Vocabulary) -> None:
        self.equal, self.vocabulary = equal, vocabulary
        self.axioms: list[tuple[int, Ids, str]] = []  # code, keys, rule
        self.plans: list[RulePlan] = []
        self.templates: list[RuleTemplate] = []

    def __bool__(self) -> bool:
        return bool(self.axioms or self.plans or self.templates)

    def take(self, rule: Rule) -> None:
        """Compile a rule."""
        vocabulary = self.vocabulary
        if not rule.premises:
            if not rule.tests:
                self.axioms += axioms(rule, vocabulary)
            return
        if value_rule(rule) == "missing" and rule.conclusions is None and len(rule.premises) == 1:
            return  # dt-ill-typed: clashes are found from the literals
        template = read_template(rule, vocabulary)
        if not (template.known or template.each or template.pairs) and not parameters(
            [*template.rest, *template.heads], vocabulary
        ):
            heads: list[Named | None] = [*template.heads] or [None]
            for head in heads:
                made = planned(template, template.rest, head, vocabulary, self.equal)
                self.plans += [made] if made else []
            return
        template.loose = unbound(template, vocabulary)
        template.watches = frozenset(watched(template, vocabulary))
        if template.known:
            template.query = plan_of(rule, template.known, None, vocabulary)
            template.names = tuple(sorted(template.query.names))
        template.reads = read_by_plans(template, vocabulary)
        if template.reads is not None and len(template.heads) == 1:
            ((_, p, o),) = template.heads
            if p == vocabulary.type and o in template.names:
                template.target = template.names.index(str(o))
        if template.reads is not None:
            plain = tuple(~place for place in range(len(template.names)))
            template.models[plain] = models(template, plain, vocabulary, self.equal)
        self.templates.append(template)


_prepared: WeakKeyDictionary[RuleSet, tuple[CompiledRules, Terms]] = WeakKeyDictionary()


def compiled(rules: RuleSet) -> tuple[CompiledRules, Terms]:
    """The compiled rules, and a new dictionary that holds their constants."""
    if rules not in _prepared:
        terms = Terms()
        _prepared[rules] = CompiledRules(rules, Vocabulary(rules, terms, DATATYPES)), terms
    found, terms = _prepared[rules]
    return found, terms.copy()


def trivial_of(rules: RuleSet, vocabulary: Vocabulary) -> dict[int, Trivial]:
    """What is trivial in each relation, by its code."""
    subjects: dict[int, set[int]] = defaultdict(set)
    forms: dict[int, list[TrivialForm]] = defaultdict(list)
    for form in rules.trivial:
        s, p, o = (None if isinstance(node, Var) else vocabulary.ids[node] for node in form)
        assert p is not None
        if p == vocabulary.type and o is not None:
            p, o = ~o, None
        if s is not None and o is None:
            subjects[p].add(s)
        else:
            forms[p].append((-1 if s is None and form.s == form.o else s, o))
    return {
        code: Trivial(np.array(sorted(subjects[code]), np.int64), forms[code])
        for code in {*subjects, *forms}
    }


def axioms(rule: Rule, vocabulary: Vocabulary) -> list[tuple[int, Ids, str]]:
    """What a rule without premises concludes: (code, keys, rule)."""
    found: dict[int, set[int]] = {}
    for atom in rule.conclusions or ():
        s, p, o = (vocabulary.ids[str(node)] for node in atom)
        code, key = (~o, s) if p == vocabulary.type else (p, s << SHIFT | o)
        found.setdefault(code, set()).add(key)
    return [(code, np.array(sorted(keys)), rule.id) for code, keys in found.items()]


def watched(template: RuleTemplate, vocabulary: Vocabulary) -> set[int]:
    """The relations over which a template is solved: their growth makes new plans."""
    found = set()
    for _, p, o in template.known:
        if p == LISTS:
            found.add(LIST)
        elif p == vocabulary.type:
            assert isinstance(o, int)
            found.add(~o)
        else:
            assert isinstance(p, int)
            found.add(p)
    if value_rule(template.rule) == "not in":
        found |= {~vocabulary.ids[name] for name in DATATYPES}
    elif template.loose:
        found.add(EVERY)
    return found


def read_by_plans(
    template: RuleTemplate, vocabulary: Vocabulary
) -> tuple[tuple[int, bool], ...] | None:
    """Which numbers of a solution are relations that its plan reads, and whether as classes.

    None where the solution alone does not determine the plan: its lists are to be unfolded, or it
    ranges over all relations.
    """
    if template.each or template.pairs or template.loose:
        return None
    found = []
    for _, p, o in template.rest:
        if isinstance(p, str):
            found.append((template.names.index(p), False))
        elif p == vocabulary.type and isinstance(o, str):
            found.append((template.names.index(o), True))
    return tuple(found)


def unbound(template: RuleTemplate, vocabulary: Vocabulary) -> bool:
    """Whether a premise over the data has a property or class that the ontology does not bind."""
    given = variables(template.known)
    if template.member and (template.each or template.pairs):
        indices = ["i", *(template.pairs or ())]
        given |= {f"{template.member}_{index}" for index in indices}
    return bool(parameters([*template.rest, *template.each], vocabulary) - given)


def planned(
    template: RuleTemplate,
    body: list[Named],
    head: Named | None,
    vocabulary: Vocabulary,
    equal: bool,
) -> RulePlan | None:
    """The plan of a rule, and how it is run; None if its conclusion is one of its premises."""
    made = plan_of(template.rule, body, head, vocabulary, template.tests)
    if made.head is not None:
        if made.head in made.body:
            return None
        if equal and made.head[0] == vocabulary.same:
            if made.half is not None:
                made.kind = GROUP
        elif transitive(made):
            made.kind = TRANSITIVE
    return made


def plans_of(
    template: RuleTemplate, rows: Iterable[PlanKey], vocabulary: Vocabulary, equal: bool
) -> Iterator[tuple[PlanKey, RulePlan]]:
    """The plans of solutions that determine them, each with its solution.

    Solutions are of one kind if they have the same terms of the vocabulary in the same positions,
    and equal terms in the same positions. A kind is written like a solution, with the number of a
    term of the vocabulary, and ``~position`` of the first equal term for any other. A model plan is
    compiled for each kind, and the solutions' numbers are substituted in it.
    """
    named = vocabulary.numbers
    groups: dict[PlanKey, list[PlanKey]] = defaultdict(list)
    for row in rows:
        groups[tuple([n if n in named else ~row.index(n) for n in row])].append(row)
    for kind, alike in groups.items():
        if kind not in template.models:
            template.models[kind] = models(template, kind, vocabulary, equal)
        for model in template.models[kind]:
            yield from zip(alike, filled(model, kind, alike), strict=True)


def models(
    template: RuleTemplate, kind: PlanKey, vocabulary: Vocabulary, equal: bool
) -> list[RulePlan]:
    """The plans of a kind, with ``LIST + ~position``, which is no term, for a solution's number."""
    row = [LIST + place if place < 0 else place for place in kind]
    values = dict(zip(template.names, row, strict=True))
    body = [replaced(atom, values) for atom in template.rest]
    heads: list[Named | None] = [replaced(head, values) for head in template.heads] or [None]
    found = (planned(template, body, head, vocabulary, equal) for head in heads)
    return [made for made in found if made is not None]


def filled(model: RulePlan, kind: PlanKey, rows: list[PlanKey]) -> Iterator[RulePlan]:
    """The model with each solution's numbers substituted, in classes' codes too."""
    columns: dict[int, tuple[int, ...]] = {}
    for place, column in zip(kind, zip(*rows, strict=True), strict=True):
        if place < 0:
            columns[LIST + place], columns[~(LIST + place)] = column, tuple(map(invert, column))

    def of(premise: Premise) -> Iterator[Premise]:
        code, s, o = (columns.get(node) or repeat(node) for node in premise)
        return zip(code, s, o, strict=False)

    bodies = zip(*map(of, model.body), strict=False)
    heads = repeat(None) if model.head is None else of(model.head)
    return (model.like(body, head) for _, body, head in zip(rows, bodies, heads, strict=False))


def transitive(made: RulePlan) -> bool:
    """Whether a plan states that its relation is transitive."""
    assert made.head is not None
    code, x, z = made.head
    if code < 0 or len(made.body) != 2 or made.tests or x >= 0 or z >= 0 or x == z:
        return False
    (c1, a, b), (c2, c, d) = made.body
    if c1 != code or c2 != code:
        return False
    middle = b if b < 0 and b == c else None
    return ((a, d) == (x, z) and middle is not None and middle not in (x, z)) or (
        (c, b) == (x, z) and a == d and a < 0 and a not in (x, z)
    )
