"""The names by which owlrl is called, over the reasoner here: change the import, keep the code.

Where a program says ``from owlrl import DeductiveClosure, OWLRL_Semantics``, it says instead::

    from foedus.reasoning.owlrl import DeductiveClosure, OWLRL_Semantics

What is added differs from what owlrl adds in this: no axiomatic triples, nothing that is true of
everything (``x owl:sameAs x``), no literal as a subject, and no note of an error as a triple.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from foedus.errors import UnknownName, UsageError
from foedus.language.spelling import near
from foedus.reasoning.in_place import expand

if TYPE_CHECKING:
    from foedus.store.convert import RdflibGraph

__all__ = ["DeductiveClosure", "OWLRL_Semantics", "RDFS_OWLRL_Semantics", "RDFS_Semantics"]


class OWLRL_Semantics:
    """All rules of OWL 2 RL."""


class RDFS_Semantics:
    """The rules of RDFS: domains, ranges, and what is below what."""


class RDFS_OWLRL_Semantics(OWLRL_Semantics):
    """All rules of OWL 2 RL, which has those of RDFS."""


#: Class -> profile, by its name, so that owlrl's own classes are understood too.
_PROFILES = {
    "OWLRL_Semantics": "owl2rl",
    "RDFS_OWLRL_Semantics": "owl2rl",
    "RDFS_Semantics": "rdfs",
}


class DeductiveClosure:
    """Adds to an rdflib graph what follows from it, as ``owlrl.DeductiveClosure`` does.

    ``closure_class`` is `OWLRL_Semantics`, `RDFS_Semantics` or `RDFS_OWLRL_Semantics`, those of
    owlrl too. ``improved_datatypes`` is accepted: literals are always read as XSD says. Raises
    `UnknownName` for another class, `UsageError` for axiomatic triples.
    """

    def __init__(
        self,
        closure_class: type,
        improved_datatypes: bool = True,
        rdfs_closure: bool = False,
        axiomatic_triples: bool = False,
        datatype_axioms: bool = False,
    ) -> None:
        name = getattr(closure_class, "__name__", repr(closure_class))
        if name not in _PROFILES:
            raise UnknownName("closure class", name, near(name, _PROFILES), ", ".join(_PROFILES))
        if axiomatic_triples or datatype_axioms:
            raise UsageError(
                "axiomatic triples are true of every graph and are not added; "
                "leave out axiomatic_triples and datatype_axioms"
            )
        self.closure_class, self.improved_datatypes = closure_class, improved_datatypes
        self.rdfs_closure = rdfs_closure  # OWL 2 RL has the rules of RDFS

    def expand(self, graph: RdflibGraph, destination: RdflibGraph | None = None) -> int:
        """Add what follows from a graph to it or to ``destination``; how many triples that were."""
        return expand(graph, destination, rules=_PROFILES[self.closure_class.__name__])
