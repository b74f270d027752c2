"""A proof over anybody's data, put in sentences: the rules' own, with what things are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from foedus.errors import LimitReached
from foedus.language.names import Name, Names
from foedus.language.phrases import Phrases, is_plural, local_name, polished, with_article
from foedus.reasoning.rules.proof import Proof
from foedus.reasoning.rules.table import RuleSet
from foedus.safe_text import one_line
from foedus.terms import Find, Term, Triple, expand, is_iri, split_literal

#: So many steps one below the other are put in words: a page of more is read by nobody.
DEPTH = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A proof in sentences, which `print` shows as a tree; false where there is none.

    ``proof`` is what was told, None where there is none.
    """

    proof: Proof | None
    text: str = field(repr=False)

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.proof is not None

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


def tell(triple: Triple, proof: Proof | None, rules: RuleSet, find: Find) -> Told:
    """A proof of a triple in sentences, or that there is none; ``find`` finds the data's triples.

    Things are called by their ``rdfs:label``, the English one where there are several, else by the
    last part of their IRI. Raises `LimitReached` for a proof that is more than 200 steps deep.
    """
    if proof is not None:
        refuse_deep(proof)
    steps = list(proof.walk()) if proof else []
    terms = {term for step in steps for term in (*(step.triple or ()), *step.bindings.values())}
    phrases = Phrases(_names({*terms, *triple}, rules, find), find)
    if proof is None:
        sentence = one_line(phrases.sentence(triple))
        if rules.is_trivial(triple):
            return Told(None, f"{_full(sentence)} The like is true of everything, and not stored.")
        return Told(None, f"Nothing that is stated entails that {sentence}.")
    return Told(proof, "\n".join(_tree(proof, rules, phrases)))


def refuse_deep(proof: Proof) -> None:
    """Raise `LimitReached` for a proof that nobody would read."""
    if (depth := proof.depth()) > DEPTH:
        raise LimitReached(
            f"the proof is {depth:,} steps deep, and at most {DEPTH:,} are put in words; "
            "Closure.proof() has them all"
        )


def because(proof: Proof, rules: RuleSet, phrases: Phrases) -> str:
    """What the last step of a proof says: its rule's sentence, each triple as it is said elsewhere.

    There a verb agrees with its subject, or a phrase is better.
    """
    text = polished(rules[proof.rule or ""].sentence(proof.bindings, phrases.label))
    for said in (proof.triple, *(p.triple for p in proof.premises)):
        if said:
            s, p, o = map(phrases.label, said)
            end = with_article(o) if phrases.is_kind_of(said) else o
            text = text.replace(f"{s} {p.removesuffix(' a')} {end}", phrases.sentence(said))
            if is_plural(s):
                text = text.replace(f"{s} is ", f"{s} are ")
    return text


def _names(terms: set[Term], rules: RuleSet, find: Find) -> Names:
    label = expand("rdfs:label", rules.prefixes)
    found = []
    for term in filter(is_iri, terms):
        found.append(Name(term, local_name(term), None, 1, "thing"))
        for _, _, said in find(term, label, None):
            text, _, language = split_literal(said)
            if text.strip():
                found.append(Name(term, text, language, 0, "thing"))
    return Names(found, rules.prefixes)


def _tree(root: Proof, rules: RuleSet, phrases: Phrases) -> Iterator[str]:
    """The lines of a proof: each step once, and what only holds an axiom together left out."""
    seen: set[Triple | None] = set()
    waiting = [(root, "", "")]
    while waiting:
        proof, first, rest = waiting.pop()
        sentence = phrases.sentence(proof.triple) if proof.triple else ""
        if proof.rule is None:
            yield f"{first}{_full(sentence)} [asserted]"
            continue
        if proof.triple in seen:
            yield f"{first}{_full(sentence)} (as shown above)"
            continue
        seen.add(proof.triple)
        yield f"{first}{_full(because(proof, rules, phrases))} ({proof.rule})"
        shown = [p for p in proof.premises if not (p.triple and phrases.is_structure(p.triple))]
        for number, premise in reversed([*enumerate(shown, 1)]):
            branch, bar = ("└─ ", "   ") if number == len(shown) else ("├─ ", "│  ")
            waiting.append((premise, rest + branch, rest + bar))


def _full(text: str) -> str:
    return one_line(f"{text[:1].upper()}{text[1:]}.")
