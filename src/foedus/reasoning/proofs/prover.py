"""Proofs on demand: the derivation of a triple, reconstructed by backward chaining.

The engine stores no derivations, only the round in which each triple was found; all that a triple
rests on is of earlier rounds. So a proof is a rule matched backward over earlier triples, and the
search terminates. Two things were not found by single rule instances and are translated to them
here: a transitive closure (a shortest path, halved recursively), and equality (a path of merges for
eq-trans, and eq-rep-s, eq-rep-p, eq-rep-o for rewritten triples).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from foedus.reasoning.encoding.dictionary import LITERAL
from foedus.reasoning.planning.plan import named, replaced, unify
from foedus.reasoning.proofs.backward import BackwardChaining, EncodedInstance, indexed
from foedus.reasoning.proofs.history import EVER, Fact, History
from foedus.reasoning.rules.datatypes import in_datatype, value_key
from foedus.reasoning.rules.proof import Inference, Proof
from foedus.reasoning.rules.rule import Rule
from foedus.reasoning.storage.columns import LOW, SHIFT, pack, sort_inplace, within
from foedus.reasoning.storage.proof_forest import Link
from foedus.reasoning.storage.relation import REWRITTEN, Delta
from foedus.terms import Term

_CHOICES = 24  # rule instances among which the shallowest is chosen


class Prover:
    """Proves the triples of an engine in one state."""

    def __init__(self, history: History, asserted: Callable[[Fact], bool]) -> None:
        self.history, self.asserted = history, asserted
        self.engine = history.engine
        self.backward = BackwardChaining(history)
        self.equality = history.engine.equality

    # Proofs

    def prove(self, row: Fact) -> Proof:
        """One proof of a triple that holds."""
        return self.built(row, {})

    def prove_all(self, rows: Iterable[Fact]) -> Iterator[Proof]:
        """One proof of each triple, where what they share is proved once."""
        known: dict[Fact, Proof] = {}
        for row in rows:
            yield known[row] if row in known else self.built(row, known)

    def built(self, goal: Fact | Inference, known: dict[Fact, Proof]) -> Proof:
        """The proof of a triple or an inference; each triple in it has one, made before its use."""
        steps: dict[Fact, Inference] = {}

        def step_of(part: Fact | Inference) -> Inference:
            if isinstance(part, Inference):
                return part
            if part not in steps:
                steps[part] = self.explain(part)
            return steps[part]

        done: dict[int, Proof] = {}
        begun: set[int] = set()
        root = step_of(goal)
        stack: list[tuple[Inference, bool]] = [(root, False)]
        while stack:
            self.engine.tick()
            step, ready = stack.pop()
            if id(step) in done:
                continue
            if step.row is not None and step.row in known:
                done[id(step)] = known[step.row]  # one proof for each triple, the first made
                continue
            children = [step_of(part) for part in step.premises]
            if not ready:
                assert id(step) not in begun, f"{step.row} rests on itself"
                begun.add(id(step))
                stack.append((step, True))
                stack += [(child, False) for child in children if id(child) not in done]
                continue
            proof = Proof(
                self.triple(step.row) if step.row is not None else None,
                step.rule,
                self.bindings(step),
                tuple(done[id(child)] for child in children),
            )
            done[id(step)] = proof
            if step.row is not None:
                known.setdefault(step.row, proof)
        return done[id(root)]

    def triple(self, row: Fact) -> tuple[Term, Term, Term]:
        """A triple as terms."""
        s, p, o = (self.engine.terms.token(n) for n in row)
        return s, p, o

    def bindings(self, step: Inference) -> dict[str, Term]:
        """The substitution of an inference, as terms; indices stay numbers."""
        if step.rule is None:
            return {}
        picks = self.engine.rules[step.rule].picks
        token = self.engine.terms.token
        return {
            name: str(value) if name in picks else token(value)
            for name, value in step.values.items()
            if not name.startswith("?")
        }

    # The last inference

    def explain(self, row: Fact) -> Inference:
        """The last inference of a triple that holds."""
        if self.asserted(row):
            return Inference(row, None, {})
        s, p, o = row
        if p == self.history.same and self.history.equal:
            return self.same(s, o, EVER)
        code, key = self.history.coded(row)
        delta = self.history.find(code, key)
        if delta is None:
            return self.rewritten(row, EVER)
        if delta.origin == REWRITTEN:
            return self.rewritten(row, delta.round)
        if special := self.special(row, delta.origin, delta.round):
            return special
        if (code, delta.round) in self.engine.batches:
            return self.along(row, delta.origin, delta.round)
        found = self.derived(row, delta.origin, delta.round)
        if found is None:  # it was found under the representative of that time
            return self.rewritten(row, delta.round)
        return found

    def special(self, row: Fact, origin: str, before: int) -> Inference | None:
        """Inferences without premises: axioms, and the datatype rules; None if it is neither."""
        s, p, o = row
        terms = self.engine.terms

        def names(term: int) -> list[int]:
            return sorted(
                (t for t in self.equality.same(term) if terms.kinds[t] >= LITERAL),
                key=lambda t: (t != term, t),
            )

        bases: list[Inference] = []
        if origin == "dt-type2":
            for v in names(s):
                if in_datatype(terms.token(v), terms.token(o)):
                    bases.append(Inference((v, p, o), origin, {"v": v, "d": o}))
        elif origin == "dt-diff":
            for v in names(s):
                for w in names(o):
                    keys = value_key(terms.token(v)), value_key(terms.token(w))
                    if keys[0] != keys[1] and None not in keys:
                        bases.append(Inference((v, p, w), origin, {"v": v, "w": w}))
        elif origin in self.engine.rules and not self.engine.rules[origin].written:
            return Inference(row, origin, {})
        for base in bases:
            assert base.row is not None
            if all(self.history.one(a, b, before) for a, b in zip(base.row, row, strict=True)):
                return base if base.row == row else self.replace(base, base.row, row, before)
        return None

    def derived(self, row: Fact, origin: str, before: int) -> Inference | None:
        """A rule instance that derives a triple from what was known before a round, or None."""
        rules = self.backward.rules_for(row)
        rules.sort(key=lambda rule: rule.id != origin)
        best: tuple[int, EncodedInstance] | None = None
        for rule in rules:
            for instance in islice(self.backward.instances(rule, row, before), _CHOICES):
                depth = max((self.rank(premise) for premise in instance.premises), default=0)
                if best is None or depth < best[0]:
                    best = depth, instance
                if depth <= 1:
                    break
            if best is not None:
                break
        return self.step(row, best[1]) if best else None

    def rank(self, row: Fact) -> int:
        """The round in which a triple was found; 0 if it is asserted."""
        if self.asserted(row):
            return 0
        return self.history.round(row) or 1

    def is_known(self, row: Fact, before: int) -> bool:
        """Whether a triple is asserted, or was known before a round."""
        return self.asserted(row) or self.history.has(row, before)

    def step(self, row: Fact | None, instance: EncodedInstance) -> Inference:
        """A rule instance as an inference."""
        return Inference(row, instance.rule.id, instance.values, instance.premises)

    # Transitive closures

    def along(self, row: Fact, origin: str, before: int) -> Inference:
        """A triple of a transitive closure: a shortest path, halved recursively."""
        s, p, o = row
        path = self.path(s, p, o, before)
        return self.halves(path, p, self.engine.rules[origin], before)

    def path(self, s: int, p: int, o: int, before: int) -> list[int]:
        """The nodes of a shortest path over what was known before a round."""
        relation = self.engine.relations[p]
        came: dict[int, int] = {}
        waiting = deque([s])
        while waiting and o not in came:
            here = waiting.popleft()
            ends = self.history.objects(p, here, before)
            keys = ends << SHIFT | o
            useful = ends == o
            for delta in (*relation.deltas, *relation.superseded):
                useful |= delta.has(keys)
            for there in ends[useful].tolist():
                if there not in came:
                    came[there] = here
                    waiting.append(there)
        nodes = [o]
        while len(nodes) < 2 or nodes[-1] != s:
            nodes.append(came[nodes[-1]])
        return nodes[::-1]

    def halves(self, path: list[int], p: int, rule: Rule, before: int) -> Inference:
        """The inference over a path of three nodes or more, from two halves."""
        middle = len(path) // 2
        row = path[0], p, path[-1]
        links = (path[0], p, path[middle]), (path[middle], p, path[-1])
        assert rule.conclusions
        head = named(rule.conclusions[0], self.backward.ids)
        values = unify(head, row) or {}
        if rule.lists:  # a chain of the property with itself
            (each,) = (named(a, self.backward.ids) for a in rule.premises if a.each)
            values |= {str(indexed(each, 2, {}, 2)[0]): path[middle]}
            found = next(
                instance
                for instance in self.backward.applied(rule, values, head, row, EVER)
                if all(one in links or self.is_known(one, before) for one in instance.premises)
            )  # other chains through this node may rest on this very triple
            values, rows = found.values, found.premises
        else:
            atoms = [replaced(named(a, self.backward.ids), values) for a in rule.premises]
            free = {n for atom in atoms if atom[1] == p for n in atom if isinstance(n, str)}
            values |= dict.fromkeys(free, path[middle])
            finals = (replaced(atom, values) for atom in atoms)
            rows = tuple((int(s), int(p), int(o)) for s, p, o in finals)
        parts = {links[0]: path[: middle + 1], links[1]: path[middle:]}
        premises: list[Fact | Inference] = []
        for one in rows:
            part = parts.get(one, [])
            premises.append(self.halves(part, p, rule, before) if len(part) > 2 else one)
        return Inference(row, rule.id, values, tuple(premises))

    # Equality

    def same(self, a: int, b: int, before: int) -> Inference:
        """The inference that two terms are equal."""
        row = a, self.history.same, b
        if self.asserted(row):
            return Inference(row, None, {})
        if a == b:
            return self.reflexive(a)
        path = self.equality.path(a, b, before)
        assert path, f"{self.triple(row)} does not hold"
        return self.linked(a, b, path)

    def linked(self, a: int, b: int, path: list[Link]) -> Inference:
        """The inference over a path of merges, from two halves."""
        row = a, self.history.same, b
        if self.asserted(row):
            return Inference(row, None, {})
        if len(path) == 1:
            return self.link(a, b, path[0])
        middle = len(path) // 2
        m = a
        for link in path[:middle]:
            m = link.b if link.a == m else link.a
        parts = self.linked(a, m, path[:middle]), self.linked(m, b, path[middle:])
        return Inference(row, "eq-trans", {"x": a, "y": m, "z": b}, parts)

    def link(self, a: int, b: int, link: Link) -> Inference:
        """The inference of one merge, by eq-sym if need be."""
        row, turned = (a, self.history.same, b), (b, self.history.same, a)
        if link.rule == "dt-eq":
            return Inference(row, "dt-eq", {"v": a, "w": b})
        if (a, b) == (link.a, link.b) or not self.asserted(turned):
            found = None if not link.rule else self.derived(row, link.rule, link.round)
            if found is not None:
                return found
        if self.asserted(turned):
            return Inference(row, "eq-sym", {"x": b, "y": a}, (turned,))
        found = self.derived(turned, link.rule, link.round)
        if found is None:
            raise AssertionError(f"no rule gives {self.triple(row)}")
        return Inference(row, "eq-sym", {"x": b, "y": a}, (found,))

    def reflexive(self, a: int) -> Inference:
        """The inference that a term equals itself."""
        row = a, self.history.same, a
        if "eq-ref" in self.engine.rules and (found := self.eldest(a)) is not None:
            return Inference(row, "eq-ref", dict(zip("spo", found, strict=True)), (found,))
        other = next(x for x in self.equality.same(a) if x != a)
        parts = self.same(a, other, EVER), self.same(other, a, EVER)
        return Inference(row, "eq-trans", {"x": a, "y": other, "z": a}, parts)

    def eldest(self, a: int) -> Fact | None:
        """A triple with this term: an asserted one, or else the one found first."""
        best: tuple[int, Fact] | None = None
        match = self.history.match
        for s, p, o in ((a, None, None), (None, a, None), (None, None, a)):
            for row in match(s, p, o, EVER):
                asserted = self.asserted(row)
                if row[1] == self.history.same and self.history.equal and not asserted:
                    continue
                rank = 0 if asserted else self.history.round(row) or 1
                if best is None or rank < best[0]:
                    best = rank, row
                if rank == 0:
                    return row
        return best[1] if best else None

    def replace(self, inner: Inference | Fact, old: Fact, new: Fact, before: int) -> Inference:
        """The inferences from a triple to the same with equal terms."""
        here: Inference | Fact = inner
        s, p, o = old
        for place, name in enumerate("spo"):
            a, b = old[place], new[place]
            if a == b:
                continue
            values = {"s": s, "p": p, "o": o, f"{name}2": b}
            s, p, o = (b if k == place else x for k, x in enumerate((s, p, o)))
            here = Inference((s, p, o), f"eq-rep-{name}", values, (self.same(a, b, before), here))
        assert isinstance(here, Inference)
        return here

    def rewritten(self, row: Fact, before: int) -> Inference:
        """The inference of a triple that was found under other names."""
        for form in self.forms(row, before):
            if form != row:
                inner: Inference | Fact = form
                code, key = self.history.coded(form)
                delta = self.history.find(code, key)
                if delta is not None and delta.origin in ("dt-type2", "dt-diff"):
                    made = self.special(row, delta.origin, before)
                    if made is not None:
                        return made
                return self.replace(inner, form, row, before)
        raise AssertionError(f"no reason for {self.triple(row)}")

    def forms(self, row: Fact, before: int) -> Iterator[Fact]:
        """The triples with equal terms that were found by rules, not rewritten; oldest first."""
        s, p, o = row
        equality = self.equality
        found: list[tuple[int, Fact]] = []
        for q in equality.same(p):
            groups: list[tuple[int, list[int], list[int] | None]]
            if q == self.history.type:
                groups = [(~c, equality.same(s), None) for c in equality.same(o)]
            else:
                groups = [(q, equality.same(s), equality.same(o))]
            for code, subjects, objects in groups:
                for delta, key in self.named_so(code, subjects, objects, before):
                    if delta.origin != REWRITTEN:
                        form = (key, q, ~code) if code < 0 else (key >> SHIFT, q, key & LOW)
                        found.append((delta.round, form))
        for _, form in sorted(
            found, key=lambda x: (x[0], sum(a != b for a, b in zip(x[1], row, strict=True)))
        ):
            if all(self.history.one(a, b, before) for a, b in zip(form, row, strict=True)):
                yield form

    def named_so(
        self, code: int, subjects: list[int], objects: list[int] | None, before: int
    ) -> Iterator[tuple[Delta, int]]:
        """The keys of these subjects and objects that were known before a round."""
        s = np.array(subjects, np.int64)
        if objects is None:
            yield from self.history.held(code, s, before)
            return
        o = np.array(objects, np.int64)
        if len(s) * len(o) <= 4096:
            wanted = sort_inplace(pack(np.repeat(s, len(o)), np.tile(o, len(s))))
            yield from self.history.held(code, wanted, before)
            return
        for delta in self.history.deltas(code):
            if delta.round < before:
                mask = within(delta.keys >> SHIFT, s) & within(delta.keys & LOW, o)
                yield from ((delta, key) for key in delta.keys[mask].tolist())
