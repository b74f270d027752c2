"""RDF lists read from the two relations rdf:first and rdf:rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice, product

import numpy as np

from foedus.errors import LimitReached
from foedus.reasoning.rules.rdf_list import readings
from foedus.reasoning.storage.columns import LOW, SHIFT, Ids
from foedus.reasoning.storage.relation import Relation

#: The most readings of one list: each of them may make plans of its own.
_READINGS = 1000


class Lists:
    """The members of lists, cached. A cell with two members or tails gives several readings."""

    def __init__(
        self,
        words: tuple[int, int, int],
        relations: dict[int, Relation],
        name: Callable[[int], str],
    ) -> None:
        *self._codes, self._nil = words  # of rdf:first and rdf:rest; rdf:nil
        self._name = name
        self._relations = relations
        self.round = -1
        self._first: dict[int, list[int]] = {}
        self._rest: dict[int, list[int]] = {}
        self._known: dict[int, list[tuple[int, ...]]] = {}

    def refresh(self) -> bool:
        """Read the relations again if they have grown; returns whether they have."""
        round = -1
        for code in self._codes:
            if code in self._relations:
                round = max(round, self._relations[code].round)
        if round == self.round:
            return False
        self.round = round
        self._known.clear()
        self._first, self._rest = (self._pairs(code) for code in self._codes)
        return True

    def _pairs(self, code: int) -> dict[int, list[int]]:
        out: dict[int, list[int]] = defaultdict(list)
        if code in self._relations:
            keys = self._relations[code].full
            for s, o in zip((keys >> SHIFT).tolist(), (keys & LOW).tolist(), strict=True):
                out[s].append(o)
        return dict(out)

    def readings(self, head: int) -> list[tuple[int, ...]]:
        """The members of a list, once for each reading; none if it never ends in rdf:nil."""
        known = self._known.get(head)
        if known is None:
            found = readings(head, self._nil, self._contents, self._name)
            known = [members for members, _ in islice(found, _READINGS + 1)]
            if len(known) > _READINGS:
                raise LimitReached.readings(self._name(head))
            self._known[head] = known
        return known

    def _contents(self, cell: int) -> Iterator[tuple[int, int]]:
        return product(self._first.get(cell, ()), self._rest.get(cell, ()))

    def members(self, head: int) -> Ids:
        """The members of a list in all readings together: sorted and unique."""
        found = sorted({member for reading in self.readings(head) for member in reading})
        return np.array(found, np.int64)
