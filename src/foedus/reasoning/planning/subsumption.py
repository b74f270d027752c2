"""Subsumption of plans: which ones would only repeat what others derive.

Found by applying the rules to themselves. Two kinds. A *guard*: cls-svf1 with owl:Thing has all
premises of cls-svf2 and more, so it is subsumed and need not run. A *skip*: cax-sco need not be
specialized to subclass axioms that scm-sco derived, since going up link by link derives the same. A
rule's conclusions may be skipped if this holds for the canonical instance: its premises as frozen
facts, without its conclusion, must lead to what the conclusion would have led to.
"""

from __future__ import annotations

from collections.abc import Iterator

from foedus.reasoning.planning.plan import (
    Named,
    RuleTemplate,
    Vocabulary,
    read_template,
    replaced,
    unify,
)
from foedus.reasoning.rules.rule import Rule

FrozenFacts = set[tuple[int, int, int]]


def guards(template: RuleTemplate, others: list[RuleTemplate]) -> list[dict[str, int]]:
    """The bindings of a template's variables under which another template subsumes it."""
    if template.each or template.pairs or template.tests or not template.heads:
        return []  # contradictions are reported by every rule that finds them
    found = []
    mine = [*template.known, *template.rest]
    for other in others:
        theirs = [*other.known, *other.rest]
        if other is template or other.each or other.pairs or len(theirs) >= len(mine):
            continue
        if other.tests or len(other.heads) != len(template.heads):
            continue
        for names, values in _embed(theirs, mine, {}, {}):
            heads = [tuple(names.get(n, n) for n in h) for h in other.heads]
            if heads == [tuple(values.get(n, n) for n in h) for h in template.heads]:
                found.append({str(k): v for k, v in values.items()})
                break
    return [guard for guard in found if guard]


Renaming = dict[object, object]


def _embed(
    theirs: list[Named], mine: list[Named], names: Renaming, values: dict[object, int]
) -> Iterator[tuple[Renaming, dict[object, int]]]:
    """The homomorphisms of their premises into mine, binding some of my variables to constants."""
    if not theirs:
        yield names, values
        return
    for atom in mine:
        new_names, new_values = dict(names), dict(values)
        for a, b in zip(theirs[0], atom, strict=True):
            b_now: object = new_values.get(b, b)
            if isinstance(a, str):
                if new_names.setdefault(a, b_now) != b_now:
                    break
            elif isinstance(b_now, str):
                new_values[b_now] = a
            elif a != b_now:
                break
        else:
            yield from _embed(theirs[1:], mine, new_names, new_values)


def prune(
    chosen: list[RuleTemplate],
    templates: list[RuleTemplate],
    rules: list[Rule],
    vocabulary: Vocabulary,
) -> None:
    """Set ``skips`` and ``redundant`` of the chosen ones among templates that run together."""
    sources = [read_template(rule, vocabulary) for rule in rules] if chosen else []
    sources = [s for s in sources if not (s.known or s.each or s.pairs)]
    for template in chosen:
        template.skips = _skips(template, sources, templates)
        template.redundant = guards(template, templates)


def _skips(
    template: RuleTemplate, sources: list[RuleTemplate], templates: list[RuleTemplate]
) -> frozenset[str]:
    """The rules whose conclusions a template may skip."""
    if len(template.known) != 1 or template.each or template.pairs or template.tests:
        return frozenset()
    (known,) = template.known
    if any(isinstance(node, int) for node in (known[0], known[2])):
        return frozenset()
    found = set()
    for source in sources:
        heads = [head for head in source.heads if head[1] == known[1]]
        if heads and all(_follows(source, head, template, known, templates) for head in heads):
            found.add(source.rule.id)
    return frozenset(found)


def _follows(
    source: RuleTemplate,
    head: Named,
    template: RuleTemplate,
    known: Named,
    templates: list[RuleTemplate],
) -> bool:
    """Whether four rounds of the chase from a source's premises spare its conclusion."""
    numbers: dict[str, int] = {}

    def frozen(atom: Named, names: dict[str, int]) -> tuple[int, int, int]:
        s, p, o = (
            names.setdefault(node, (1 << 50) + len(numbers) + len(names))
            if isinstance(node, str)
            else node
            for node in atom
        )
        return s, p, o

    facts: FrozenFacts = {frozen(atom, numbers) for atom in source.rest}
    s, _, o = frozen(head, numbers)
    names = {str(known[0]): s, str(known[2]): o}
    if known[0] == known[2]:
        return False
    facts |= {frozen(atom, names) for atom in template.rest}
    goals = {frozen(atom, names) for atom in template.heads}
    for _ in range(4):
        if goals <= facts:
            return True
        present = {fact[1] for fact in facts}
        new: FrozenFacts = set()
        for other in templates:
            if other.each or other.pairs or other.tests or not other.heads:
                continue
            body = [*other.known, *other.rest]
            if all(isinstance(p, str) or p in present for _, p, _ in body):
                for values in _match(body, facts, {}):
                    new |= {frozen(h, values) for h in other.heads}
        if new <= facts:
            return False
        facts |= new
    return goals <= facts


def _match(
    body: list[Named], facts: FrozenFacts, values: dict[str, int]
) -> Iterator[dict[str, int]]:
    """The substitutions under which all premises are among the facts."""
    if not body:
        yield values
        return
    atom = replaced(body[0], values)
    for fact in facts:
        found = unify(atom, fact)
        if found is not None:
            yield from _match(body[1:], facts, {**values, **found})
