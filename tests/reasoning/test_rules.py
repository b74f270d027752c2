"""Each rule of the table fires on its example as itself, and on nothing less."""

from __future__ import annotations

from pathlib import Path

import generated
import pytest

from foedus import reasoning
from foedus.errors import ParseFailure, UnknownName
from foedus.reasoning import describe
from foedus.reasoning.rules.checker import check_proof
from foedus.reasoning.rules.table import Rule, RuleSet, Var, parse_rule, read_rules, ruleset
from foedus.reasoning.witnesses.naive import Closure, close
from foedus.terms import Triple, is_literal

RULES = ruleset()
#: Rules whose example can stand in a file; that of two has a literal as subject.
AS_RDF = [rule for rule in RULES if not any(is_literal(s) for s, _, _ in rule.example)]
ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests" / "data" / "broken-rules").glob("*.toml"))

#: Table -> rules of OWL 2 Profiles, section 4.3. The last is ours, and says so in its block.
W3C = {
    4: "eq-ref eq-sym eq-trans eq-rep-s eq-rep-p eq-rep-o eq-diff1 eq-diff2 eq-diff3",
    5: "prp-ap prp-dom prp-rng prp-fp prp-ifp prp-irp prp-symp prp-asyp prp-trp prp-spo1 prp-spo2"
    " prp-eqp1 prp-eqp2 prp-pdw prp-adp prp-inv1 prp-inv2 prp-key prp-npa1 prp-npa2",
    6: "cls-thing cls-nothing1 cls-nothing2 cls-int1 cls-int2 cls-uni cls-com cls-svf1 cls-svf2"
    " cls-avf cls-hv1 cls-hv2 cls-maxc1 cls-maxc2 cls-maxqc1 cls-maxqc2 cls-maxqc3 cls-maxqc4"
    " cls-oo",
    7: "cax-sco cax-eqc1 cax-eqc2 cax-dw cax-adc",
    8: "dt-type1 dt-type2 dt-eq dt-diff dt-not-type dt-ill-typed",
    9: "scm-cls scm-sco scm-eqc1 scm-eqc2 scm-op scm-dp scm-spo scm-eqp1 scm-eqp2 scm-dom1 scm-dom2"
    " scm-rng1 scm-rng2 scm-hv scm-svf1 scm-svf2 scm-avf1 scm-avf2 scm-int scm-uni",
}


def alone(rule: Rule, triples: tuple[Triple, ...]) -> Closure:
    """The closure under one rule, with nothing left out as noise."""
    return close(triples, rules=RuleSet((rule,), (), RULES.prefixes))


def found(closure: Closure) -> set[Triple]:
    """What a rule found beyond the example, less what is trivially so."""
    return {t for t, step in closure.facts.steps.items() if step and t[0] != t[2]}


def test_every_rule_of_the_tables_is_there() -> None:
    assert {rule.id: rule.table for rule in RULES} == {
        name: table for table, names in W3C.items() for name in names.split()
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_fires_on_its_example_as_itself(rule: Rule) -> None:
    closure = alone(rule, rule.example)
    if rule.conclusions is None:
        assert {clash.rule for clash in closure.clashes} == {rule.id}
        for clash in closure.clashes:
            assert check_proof(clash.proof(), set(rule.example), RULES)
            assert "{" not in clash.message
        return
    derived = [t for t, step in closure.facts.steps.items() if step]
    assert derived
    for triple in derived:
        proof = closure.proof(triple)
        assert proof and proof.rule == rule.id
        assert check_proof(proof, set(rule.example), RULES)
        assert "{" not in rule.sentence(proof.bindings, str)


@pytest.mark.parametrize(
    ("rule", "dropped"),
    [
        pytest.param(rule, k, id=f"{rule.id}-{k + 1}")
        for rule in RULES
        for k in range(len(rule.example))
    ],
)
def test_with_any_one_premise_dropped_nothing_is_derived(rule: Rule, dropped: int) -> None:
    closure = alone(rule, rule.example[:dropped] + rule.example[dropped + 1 :])
    assert not found(closure)
    assert not closure.clashes


def respelled(triples: tuple[Triple, ...]) -> tuple[Triple, ...]:
    """Triples whose counts are of another datatype: a number in a rule stands for its value."""
    return tuple((s, p, o.replace("#nonNegativeInteger>", "#integer>")) for s, p, o in triples)


@pytest.mark.parametrize("rule", AS_RDF, ids=lambda rule: rule.id)
def test_the_engine_agrees_rule_by_rule(rule: Rule) -> None:
    graphs = [rule.example]
    graphs += [rule.example[:k] + rule.example[k + 1 :] for k in range(len(rule.example))]
    graphs += [respelled(rule.example)]
    for graph in graphs:
        fast, slow = (by(graph, rules=[rule.id]) for by in (reasoning.close, close))
        assert set(fast.derived) == set(slow.derived)
        assert {clash.rule for clash in fast.clashes} == {clash.rule for clash in slow.clashes}
        assert all(fast.proof(t).rule == rule.id for t in fast.derived)


@pytest.mark.parametrize("rule", [r for r in RULES if not r.stored], ids=lambda rule: rule.id)
def test_what_is_not_stored_is_noise_and_says_why(rule: Rule) -> None:
    closure = close(rule.example, rules=[rule.id])
    hidden = {t for t, step in closure.facts.steps.items() if step}
    assert hidden and rule.reason
    assert all(RULES.is_trivial(t) for t in hidden)
    assert not closure.derived


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_sentence_speaks_of_every_subject_and_has_no_full_stop(rule: Rule) -> None:
    assert rule.says and not rule.says.endswith(".")
    if rule.conclusions and rule.stored:
        for node in (node for atom in rule.conclusions for node in (atom.s, atom.o)):
            if isinstance(node, Var):
                assert "{" + str(node).removeprefix("?") + "}" in rule.says


def test_profiles_are_within_one_another() -> None:
    rdfs, plus, owl = ({r.id for r in ruleset(name)} for name in ("rdfs", "rdfs-plus", "owl2rl"))
    assert rdfs < plus < owl


@pytest.mark.parametrize(("wrong", "near"), [("prp-domm", "prp-dom"), ("rdfs-pluss", "rdfs-plus")])
def test_an_unknown_rule_is_named_with_a_near_miss(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName, match=near):
        ruleset([wrong])


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_table_is_refused_with_the_reason(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    with pytest.raises(ParseFailure) as error:
        read_rules(path)
    assert expected in str(error.value)
    assert str(path) in str(error.value)


def test_rules_of_a_domain_may_add_years_and_tell_things_apart() -> None:
    path = ROOT / "tests" / "data" / "domain-rules.toml"
    rules = ruleset("owl2rl", [path])
    (renewed, rivals) = read_rules(path)
    closure = close([*renewed.example, *rivals.example], rules=rules)
    for rule in (renewed, rivals):
        derived = {t for t, step in alone(rule, rule.example).facts.steps.items() if step}
        assert derived and derived <= set(closure.derived)
        assert all(check_proof(closure.proof(t), set(closure.asserted), rules) for t in derived)
    one = (
        "<http://example.org/a>",
        "<http://www.w3.org/2002/07/owl#sameAs>",
        "<http://example.org/b>",
    )
    same = close([*rivals.example, one], rules=rules)
    assert not any(t[1] == "<http://example.org/rivalOf>" for t in same.derived)


def test_a_rule_is_a_value() -> None:
    block = {"if": ["?x ?p ?y"], "then": ["?y ?p ?x"], "says": "{y} {p} {x}"}
    assert parse_rule("r", block, {}) == parse_rule("r", block, {})


@pytest.mark.generated
def test_the_page_is_up_to_date() -> None:
    generated.compare(ROOT / "docs" / "rules.md", describe.page())
