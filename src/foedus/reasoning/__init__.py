"""An OWL 2 RL reasoner: what follows from triples by a table of rules, and why.

>>> from foedus.reasoning import close
>>> type_ = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
>>> sub = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
>>> closure = close([("<http://a>", type_, "<http://C>"), ("<http://C>", sub, "<http://D>")])
>>> ("<http://a>", type_, "<http://D>") in closure
True
>>> closure.proof(("<http://a>", type_, "<http://D>")).rule
'cax-sco'

Where to begin: ``owl2rl.toml`` has the rules, ``rule`` and ``rules`` read them, ``naive`` applies
them plainly, and ``checker`` holds a proof against them. What makes it fast:

- words to numbers: ``reading``, ``lines``, ``plain``, ``spans``, ``dictionary``; back: ``writing``
- triples as columns: ``columns``, ``partition``, ``stored``, ``view``
- rules to plans: ``prepared``, ``plans``, ``redundancy``, ``compiling``, ``unfolding``, ``lists``
- plans to triples: ``engine``, ``intake``, ``evaluation``, ``joins``, ``grouping``, ``transitive``
- things that are one, values that are one: ``equality``, ``literals``, ``datatypes``
- live changes: ``closure``, ``incremental``, ``parting``
- why, and why not: ``proofs``, ``backward``, ``alternatives``, ``ways``, ``clashes``; without the
  engine, over any graph: ``matching``, ``held``, ``supposing``
- beyond what is stored: ``entails``, ``conclusions``, ``unnamed``; ``malformed``
- the other witness: ``second`` (owlrl)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foedus.reasoning.checker import check_proof
    from foedus.reasoning.closure import Closure, close
    from foedus.reasoning.proof import Clash, Proof
    from foedus.reasoning.rule import Rule
    from foedus.reasoning.rules import RuleSet, ruleset

__all__ = ["Clash", "Closure", "Proof", "Rule", "RuleSet", "check_proof", "close", "ruleset"]

#: Name -> module that has it; loaded when it is first used, because a proof that is only read back
#: needs no engine and no numpy.
_WHERE = {
    "Clash": "proof",
    "Closure": "closure",
    "Proof": "proof",
    "Rule": "rule",
    "RuleSet": "rules",
    "check_proof": "checker",
    "close": "closure",
    "ruleset": "rules",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'foedus.reasoning' has no attribute {name!r}")
    return getattr(import_module(f"foedus.reasoning.{_WHERE[name]}"), name)
