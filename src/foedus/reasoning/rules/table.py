"""Read and check rule files: ``owl2rl.toml`` and others of the same format.

The format is described at the top of that file. Domain rules may also test ``?a != ?b`` and add
years, ``?n = year(?d) + ?k``. ``rule.py`` defines what a rule is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from foedus.errors import ParseFailure, UnknownName
from foedus.language.spelling import near
from foedus.reasoning.rules.rdf_list import triples_of
from foedus.reasoning.rules.rule import (
    Atom,
    Before,
    Differ,
    ListOf,
    Node,
    Operand,
    Rule,
    Sum,
    Test,
    ValueTest,
    Var,
    variable,
)
from foedus.short import short_repr
from foedus.terms import Term, Triple, expand, is_iri, is_literal
from foedus.vocab import FIRST, NIL, REST, XSD

__all__ = [
    "Atom",
    "Before",
    "Differ",
    "ListOf",
    "Node",
    "Operand",
    "Rule",
    "RuleSet",
    "Sum",
    "Test",
    "ValueTest",
    "Var",
    "parse_atom",
    "parse_premise",
    "parse_rule",
    "read_prefixes",
    "read_rules",
    "ruleset",
]

TABLE = Path(__file__).parents[1] / "owl2rl.toml"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class RuleSet:
    """Rules in the order of their tables; compared by identity, as compiled rules are cached."""

    rules: tuple[Rule, ...]
    trivial: tuple[Atom, ...]
    prefixes: Mapping[str, str]

    __repr__ = short_repr

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __contains__(self, rule_id: object) -> bool:
        return any(rule.id == rule_id for rule in self.rules)

    def __getitem__(self, rule_id: str) -> Rule:
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        ids = [rule.id for rule in self.rules]
        raise UnknownName("rule", rule_id, near(rule_id, ids, 2))

    def is_trivial(self, triple: Triple) -> bool:
        """Whether a derived triple is left out of the materialization (though it follows)."""
        s, p, _ = triple
        if is_literal(s) or not is_iri(p):
            return True
        return any(form.unify(triple) is not None for form in self.trivial)


def ruleset(choice: str | Iterable[str] = "owl2rl", extra: Iterable[str | Path] = ()) -> RuleSet:
    """The chosen rules: a profile (rdfs, rdfs-plus, owl2rl) or ids, and those of ``extra`` files.

    Profiles and ids may be mixed. The order is that of the tables, whatever the order of the
    choice.

    >>> [rule.id for rule in ruleset(["scm-sco", "cax-sco"])]
    ['cax-sco', 'scm-sco']
    """
    names = (choice,) if isinstance(choice, str) else tuple(choice)
    chosen = _chosen(names)
    rules, known = list(chosen), {rule.id for rule in _standard()[0]}
    for path in extra:
        for rule in read_rules(path):
            if rule.id in known:
                raise ParseFailure(str(path), f"rule {rule.id}: there is another rule of that name")
            known.add(rule.id)
            rules.append(rule)
    if len(rules) == len(chosen):
        return chosen
    return RuleSet(tuple(rules), chosen.trivial, chosen.prefixes)


@cache
def _chosen(names: tuple[str, ...]) -> RuleSet:
    table, profiles = _standard()
    known = {rule.id for rule in table.rules}
    chosen: set[str] = set()
    for name in names:
        if name not in profiles and name not in known:
            names_near = near(name, [*profiles, *sorted(known)], 2)
            raise UnknownName("rule or profile", name, names_near)
        chosen |= set(profiles.get(name, [name]))
    rules = tuple(rule for rule in table.rules if rule.id in chosen)
    return RuleSet(rules, table.trivial, table.prefixes)


@cache
def _standard() -> tuple[RuleSet, dict[str, list[str]]]:
    content = _read(TABLE)
    rules = tuple(_rules(content, TABLE))
    forms = [parse_atom(text, content["prefixes"]) for text in content["noise"]["forms"]]
    forms += [atom for rule in rules if not rule.written for atom in rule.conclusions or ()]
    profiles = {**content["profiles"], "owl2rl": [rule.id for rule in rules]}
    return RuleSet(rules, tuple(forms), content["prefixes"]), profiles


def read_rules(path: str | Path) -> list[Rule]:
    """The rules of a file, in order; ParseFailure names the file, the rule and the fault."""
    return _rules(_read(path), path)


def read_prefixes(path: str | Path) -> dict[str, str]:
    """The prefixes that a file of rules declares; errors as of `read_rules`."""
    return dict(_read(path).get("prefixes", {}))


def _read(path: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ParseFailure(str(path), "its lists or tables are nested too deeply") from None
    except (OSError, ValueError) as error:
        raise ParseFailure(str(path), f"cannot be read as a table of rules: {error}") from error


def _rules(content: dict[str, Any], path: str | Path) -> list[Rule]:
    prefixes = content.get("prefixes", {})
    if not isinstance(prefixes, dict) or not _are_texts([*prefixes.values()]):
        raise ParseFailure(str(path), "'prefixes' is a table of texts")
    rules = []
    for name, block in content.items():
        if name in ("prefixes", "noise", "profiles"):
            continue
        try:
            rules.append(parse_rule(name, block, prefixes))
        except ValueError as error:
            raise ParseFailure(str(path), f"rule {name}: {error}") from error
    return rules


KEYS = ("if", "then", "says", "table", "example", "stored", "reason", "note", "law")


def parse_rule(name: str, block: object, prefixes: Mapping[str, str]) -> Rule:
    """The rule that a block of the table writes down; ValueError says what is wrong with it."""
    if not isinstance(block, dict):
        raise ValueError("a rule is a table with 'if', 'then' and 'says'")
    for key in block:
        if key not in KEYS:
            raise ValueError(f"unknown key '{key}'{_hint(key, KEYS)}")
    for key in KEYS[:3]:
        if key not in block:
            raise ValueError(f"'{key}' is missing")
    for key, value in block.items():
        if key in ("if", "example") and not _are_texts(value):
            raise ValueError(f"'{key}' is a list of texts")
        if key in ("says", "reason", "note", "law") and not isinstance(value, str):
            raise ValueError(f"'{key}' is a text")
    atoms: list[Atom] = []
    lists: list[ListOf] = []
    tests: list[Test] = []
    for text in block["if"]:
        part = parse_premise(text, prefixes)
        if isinstance(part, Atom):
            atoms.append(part)
        elif not isinstance(part, ListOf):
            tests.append(part)
        elif part not in lists:
            lists.append(part)
    then = block["then"]
    if then is not False and not (_are_texts(then) and then):
        raise ValueError("'then' is a list of triples, or false for a contradiction")
    rule = Rule(
        id=name,
        premises=tuple(atoms),
        conclusions=tuple(parse_atom(text, prefixes) for text in then) if then else None,
        lists=tuple(lists),
        tests=tuple(tests),
        says=block["says"],
        example=tuple(t for text in block.get("example", ()) for t in _example(text, prefixes)),
        table=block.get("table"),
        stored=block.get("stored", True),
        reason=block.get("reason", ""),
        note=block.get("note", ""),
        law=block.get("law", ""),
        written=tuple(block["if"]),
    )
    _check(rule)
    return rule


def _hint(name: str, known: Iterable[str]) -> str:
    found = near(name, known, 1)
    return f"; did you mean '{found[0]}'?" if found else ""


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _check(rule: Rule) -> None:
    """Refuse an unsafe rule: every variable must be bound by a premise, an index by a list."""
    if len(rule.lists) > 1:
        raise ValueError("a rule can have one list only")
    if not rule.stored and not rule.reason:
        raise ValueError("'stored = false' wants a 'reason'")
    families = {rule.lists[0].member} if rule.lists else set()
    families |= {
        n.name for a in rule.premises if a.each for n in a if isinstance(n, Var) and n.index
    }
    plain = {n.name for a in rule.premises for n in a if isinstance(n, Var) and not n.index}
    plain |= {t.result.name for t in rule.tests if isinstance(t, Sum)}
    plain |= {
        n.name for t in rule.tests if isinstance(t, ValueTest) for n in (t.left, t.right) if n
    }
    if families and not rule.lists:
        raise ValueError("an index (?c_i) without a list: add a premise '?l list ?c_i'")
    for listed in rule.lists:
        if listed.head.name not in plain:
            raise ValueError(f"no premise says where the list {listed.head} comes from")

    def known(var: Var, where: str) -> None:
        have = families if var.index else plain
        if var.name not in have:
            hint = _hint(f"?{var.name}", [f"?{name}" for name in sorted(have)])
            raise ValueError(f"{var} in {where} is in no premise{hint}")

    for atom in (*rule.premises, *(rule.conclusions or ())):
        for node in atom:
            if isinstance(node, Var):
                known(node, f"'{atom}'")
    for test in rule.tests:
        nodes: list[object] = []
        if isinstance(test, Differ):
            nodes = [test.left, test.right]
        elif isinstance(test, Sum):
            nodes = [test.left.node, test.right.node]
        for item in nodes:
            if isinstance(item, Var):
                known(item, "a test")
    for placeholder in re.findall(r"\{([^}]+)\}", rule.says):
        for word in placeholder.removeprefix("each ").split():
            known(variable(word), "'says'")


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^\S+)?|\S+')
_BEFORE = re.compile(r"([a-z]) < ([a-z])")
_DIFFER = re.compile(r"(\?\w+) != (\?\w+)")
_SUM = re.compile(r"(\?\w+) = (\S+) ([+-]) (\S+)")
_VALUE = re.compile(r"value\((\?\w+)\) (?:(in|not in) (\?\w+)|(!?=) value\((\?\w+)\)|(missing))")


def parse_premise(text: str, prefixes: Mapping[str, str]) -> Atom | ListOf | Test:
    """One line of `if`: a triple, a list or a test; ValueError if it is none of them."""
    if found := _BEFORE.fullmatch(text):
        return Before(found[1], found[2])
    if found := _DIFFER.fullmatch(text):
        return Differ(variable(found[1]), variable(found[2]))
    if found := _SUM.fullmatch(text):
        sign = 1 if found[3] == "+" else -1
        left, right = (_operand(found[k], prefixes) for k in (2, 4))
        return Sum(variable(found[1]), left, sign, right)
    if found := _VALUE.fullmatch(text):
        other = found[3] or found[5]
        kind = found[2] or found[4] or found[6]
        return ValueTest(variable(found[1]), kind, variable(other) if other else None)
    words = _TOKEN.findall(text)
    if len(words) == 3 and words[1] == "list":
        return ListOf(variable(words[0]), variable(words[2]).name)
    return parse_atom(text, prefixes)


def _operand(text: str, prefixes: Mapping[str, str]) -> Operand:
    if found := re.fullmatch(r"year\((\S+)\)", text):
        return Operand(_node(found[1], prefixes), year=True)
    if text.isdigit():
        return Operand(_node(f'"{text}"^^<{XSD}integer>', prefixes))
    return Operand(_node(text, prefixes))


def parse_atom(text: str, prefixes: Mapping[str, str]) -> Atom:
    """A triple with variables; ValueError if it is not one."""
    words = _TOKEN.findall(text)
    each = words[:1] == ["each"]
    if len(words) - each != 3:
        raise ValueError(f"'{text}' is neither a triple, a list nor a test")
    s, p, o = (_node(word, prefixes) for word in words[each:])
    return Atom(s, p, o, each)


def _node(text: str, prefixes: Mapping[str, str]) -> Node:
    return variable(text) if text.startswith("?") else _term(text, prefixes)


def _term(text: str, prefixes: Mapping[str, str]) -> Term:
    if text.startswith(("<", "_:")):
        return text
    if text.startswith('"'):
        value, typed, datatype = text.rpartition("^^")
        return f"{value}^^{_term(datatype, prefixes)}" if typed else text
    term = expand(text, prefixes)
    if term is None:
        prefix = text.partition(":")[0]
        hint = _hint(f"{prefix}:", [f"{known}:" for known in prefixes])
        raise ValueError(f"the prefix of '{text}' is unknown{hint or '; add it under [prefixes]'}")
    return term


def _example(text: str, prefixes: Mapping[str, str]) -> Iterator[Triple]:
    """The triples of one line of an example; a list is expanded to its cells."""
    words = _TOKEN.findall(text)
    if words[1:2] == ["list"]:
        cells = [_term(words[0], prefixes)]
        cells += [f"_:cell{k}" for k in range(2, len(words) - 1)]
        members = tuple(_term(word, prefixes) for word in words[2:])
        yield from triples_of((members, tuple(cells)), FIRST, REST, NIL)
        return
    atom = parse_atom(text, prefixes)
    if any(isinstance(node, Var) for node in atom):
        raise ValueError(f"the example '{text}' has a variable in it")
    yield (str(atom.s), str(atom.p), str(atom.o))
