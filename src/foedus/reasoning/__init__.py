"""An OWL 2 RL reasoner: what follows from triples by a table of rules, and why.

>>> from foedus.reasoning import close
>>> type_ = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
>>> sub = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
>>> closure = close([("<http://a>", type_, "<http://C>"), ("<http://C>", sub, "<http://D>")])
>>> ("<http://a>", type_, "<http://D>") in closure
True
>>> closure.proof(("<http://a>", type_, "<http://D>")).rule
'cax-sco'

``owl2rl.toml`` has the rules, ``witnesses/naive.py`` applies them plainly, ``closure.py`` is what
users hold. The folders and their words are described in ``docs/architecture.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foedus.reasoning.closure import Closure, close
    from foedus.reasoning.entailment.entails import Entailment
    from foedus.reasoning.entailment.unsupported import Unsupported
    from foedus.reasoning.in_place import expand
    from foedus.reasoning.rules.checker import check_proof
    from foedus.reasoning.rules.proof import Clash, Proof
    from foedus.reasoning.rules.rule import Rule
    from foedus.reasoning.rules.table import RuleSet, ruleset

__all__ = [
    "Clash",
    "Closure",
    "Entailment",
    "Proof",
    "Rule",
    "RuleSet",
    "Unsupported",
    "check_proof",
    "close",
    "expand",
    "ruleset",
]

#: The module of each name, imported when the name is first used: a proof that is only read back
#: needs no engine and no numpy.
_WHERE = {
    "Clash": "rules.proof",
    "Closure": "closure",
    "Entailment": "entailment.entails",
    "Proof": "rules.proof",
    "Rule": "rules.rule",
    "RuleSet": "rules.table",
    "Unsupported": "entailment.unsupported",
    "check_proof": "rules.checker",
    "close": "closure",
    "expand": "in_place",
    "ruleset": "rules.table",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'foedus.reasoning' has no attribute {name!r}")
    return getattr(import_module(f"foedus.reasoning.{_WHERE[name]}"), name)
