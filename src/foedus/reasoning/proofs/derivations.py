"""All last inferences of a triple: the rule instances that derive it, from an engine's history."""

from __future__ import annotations

from collections.abc import Iterator

from foedus.reasoning.planning.plan import BUILTIN
from foedus.reasoning.proofs.history import EVER, Fact
from foedus.reasoning.proofs.prover import Prover
from foedus.reasoning.rules.proof import Inference


class EngineDerivations(Prover):
    """A prover that finds every last inference of a triple, not only one."""

    def steps(self, row: Fact) -> Iterator[Inference]:
        """Every last inference, that of the one proof first."""
        first = self.explain(row)
        yield first
        history, equality = self.history, self.equality
        s, p, o = row
        for rule in self.backward.rules_for(row):
            if history.equal and rule.id in BUILTIN:
                continue
            for instance in self.backward.instances(rule, row, EVER):
                yield self.step(row, instance)
        if not history.equal or not equality:
            return
        if p == history.same:
            if s != o and history.one(s, o, EVER):
                yield Inference(row, "eq-sym", {"x": o, "y": s}, ((o, p, s),))
                for m in equality.same(s):
                    if m not in (s, o):
                        parts = (s, p, m), (m, p, o)
                        yield Inference(row, "eq-trans", {"x": s, "y": m, "z": o}, parts)
            return
        for place, name in enumerate("spo"):
            for other in equality.same(row[place]):
                if other != row[place]:
                    form = tuple(other if k == place else x for k, x in enumerate(row))
                    a, q, b = form
                    values = {"s": a, "p": q, "o": b, f"{name}2": row[place]}
                    same = other, history.same, row[place]
                    yield Inference(row, f"eq-rep-{name}", values, (same, (a, q, b)))
