"""The rules as Markdown: ``docs/rules.md``, and what ``foedus rules [ID]`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from foedus.reasoning.rules.rule import Rule
from foedus.reasoning.rules.table import RuleSet, ruleset
from foedus.reasoning.witnesses.naive import close
from foedus.terms import Triple, compact, is_literal

TITLES = {
    4: "equality",
    5: "properties",
    6: "classes",
    7: "class axioms",
    8: "datatypes",
    9: "schema",
    None: "of the domain",
}
_SOURCE = "https://www.w3.org/TR/owl2-profiles/"


def describe(rule: Rule, rules: RuleSet) -> str:
    """One rule as Markdown: premises, conclusion, sentence, example, and what limits it.

    >>> print(describe(ruleset()["cax-sco"], ruleset()))
    ### cax-sco
    <BLANKLINE>
    If `?c1 rdfs:subClassOf ?c2`, `?x rdf:type ?c1`, then `?x rdf:type ?c2`.
    <BLANKLINE>
    > {x} is a {c2}, because {x} is a {c1}, and every {c1} is a {c2}
    <BLANKLINE>
    From `ex:C rdfs:subClassOf ex:D`, `ex:a rdf:type ex:C` comes `ex:a rdf:type ex:D`.
    """
    then = _code(map(str, rule.conclusions)) if rule.conclusions else "a contradiction"
    lines = [f"### {rule.id}", ""]
    if rule.written:
        lines.append(_short(f"If {_code(rule.written)}, then {then}.", rules.prefixes))
    else:
        lines.append(_short(f"Always: {then}.", rules.prefixes))
    lines += ["", f"> {rule.says}"]
    if rule.example:
        given = _code(_line(triple, rules.prefixes) for triple in rule.example)
        lines += ["", f"From {given} comes {_outcome(rule, rules)}."]
    if not rule.stored:
        lines += ["", f"Not stored: {rule.reason}."]
    if rule.note:
        lines += ["", rule.note]
    return "\n".join(lines)


def _outcome(rule: Rule, rules: RuleSet) -> str:
    alone = RuleSet((rule,), (), rules.prefixes)
    if rule.conclusions is None:
        return "a contradiction"
    found = [t for t in close(rule.example, rules=alone).facts.steps if t not in rule.example]
    new = found if not rule.stored else [t for t in found if t[0] != t[2]]
    shown = new if len(new) <= 4 else new[:3]
    return _code(_line(t, rules.prefixes) for t in shown) + (", ..." if shown != new else "")


def page() -> str:
    """``docs/rules.md`` as a whole."""
    rules = ruleset()
    lines = [
        "# The rules",
        "",
        "Written from `src/foedus/reasoning/owl2rl.toml` by `python -m foedus.reasoning.describe`;"
        " `foedus rules ID` prints one.",
        "",
        f"These are the rules of OWL 2 RL/RDF, [Tables 4 to 9 of OWL 2 Profiles]({_SOURCE}"
        "#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules). `?x` is a variable; `?l list ?c_i`"
        " says that `?c_1` to `?c_n` are the members of the list `?l`, and `each` asks for all.",
        "",
        "Not stored, though they take part, are derived triples that are true of everything and"
        " news to nobody, and those whose subject is a literal or whose predicate is not an IRI:",
        "",
    ]
    axioms = {atom for rule in rules if not rule.written for atom in rule.conclusions or ()}
    lines += [
        f"- {_short(_code([str(a)]), rules.prefixes)}" for a in rules.trivial if a not in axioms
    ]
    for table in sorted({rule.table for rule in rules if rule.table}):
        lines += ["", f"## Table {table}: {TITLES[table]}"]
        for rule in rules:
            if rule.table == table:
                lines += ["", describe(rule, rules)]
    return "\n".join(lines) + "\n"


def _code(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def _line(triple: Triple, prefixes: Mapping[str, str]) -> str:
    return " ".join(_short(t, prefixes) if is_literal(t) else compact(t, prefixes) for t in triple)


def _short(text: str, prefixes: Mapping[str, str]) -> str:
    """The text with its IRIs as CURIEs."""
    return re.sub(r"<[^<>\s]+>", lambda found: compact(found[0], prefixes), text)


if __name__ == "__main__":
    from pathlib import Path

    Path("docs/rules.md").write_text(page(), encoding="utf-8")
