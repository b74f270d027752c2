"""An OWL 2 RL reasoner: what follows from triples by a table of rules, and why.

>>> from foedus.reasoning import close
>>> type_ = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
>>> sub = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
>>> closure = close([("<http://a>", type_, "<http://C>"), ("<http://C>", sub, "<http://D>")])
>>> ("<http://a>", type_, "<http://D>") in closure
True
>>> closure.proof(("<http://a>", type_, "<http://D>")).rule
'cax-sco'
"""

from foedus.reasoning.checker import check_proof
from foedus.reasoning.closure import Closure, close
from foedus.reasoning.proof import Clash, Proof
from foedus.reasoning.rule import Rule
from foedus.reasoning.rules import RuleSet, ruleset

__all__ = ["Clash", "Closure", "Proof", "Rule", "RuleSet", "check_proof", "close", "ruleset"]
