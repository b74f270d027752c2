"""Random graphs for Hypothesis: every construct of OWL 2 RL, small enough that rules meet.

Few names, so that they collide; literals that are equal, different and ill-typed; blank nodes as
individuals, classes, properties and lists; cyclic schemas; lists that share tails, and some that
are broken.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
from hypothesis import strategies as st

from foedus.reasoning.rules.table import Node, Rule, Var, ruleset
from foedus.terms import Term, Triple, iri, literal

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
EX = "http://example.org/"


def _all(base: str, names: str) -> list[Term]:
    return [iri(base + name) for name in names.split()]


TYPE, FIRST, REST, NIL = _all(RDF, "type first rest nil")
(SAME,) = _all(OWL, "sameAs")

INDIVIDUALS = [*_all(EX, "a b c d"), "_:x", "_:y"]
CLASSES = [*_all(EX, "A B C D"), "_:K"]
SPECIAL_CLASSES = [*_all(OWL, "Thing Nothing"), *_all(XSD, "integer string"), iri(RDFS + "Literal")]
PROPERTIES = _all(EX, "p q r")
BLANK_PROPERTY = "_:P"
LITERALS = [
    literal("1", XSD + "integer"),
    literal("01", XSD + "integer"),
    literal("1.0", XSD + "decimal"),
    literal("2", XSD + "byte"),
    literal("1", XSD + "float"),
    literal("-0.0", XSD + "double"),
    literal("NaN", XSD + "double"),
    literal("x", XSD + "integer"),
    literal("one"),
    literal('say "so"\n\t\\ é \U0001f600'),
    literal("one", lang="en"),
    literal("one", lang="EN"),
    literal("one", EX + "unknown"),
    literal("2021-07-11T24:00:00Z", XSD + "dateTime"),
    literal("", RDF + "PlainLiteral"),
    literal("true", XSD + "boolean"),
]
COUNTS = [
    literal("0", XSD + "nonNegativeInteger"),
    literal("1", XSD + "nonNegativeInteger"),
    literal("1", XSD + "integer"),
]

individual = st.sampled_from(INDIVIDUALS)
class_ = st.sampled_from(CLASSES)
any_class = st.sampled_from(CLASSES * 2 + SPECIAL_CLASSES)
property_ = st.sampled_from(PROPERTIES)
any_property = st.sampled_from([*PROPERTIES, BLANK_PROPERTY])
value = st.one_of(individual, st.sampled_from(LITERALS))


def _triples(s: st.SearchStrategy[Term], p: str, o: st.SearchStrategy[Term]) -> object:
    return st.tuples(s, st.just(iri(p)), o)


def _typed(s: st.SearchStrategy[Term], names: str) -> object:
    return st.tuples(s, st.just(TYPE), st.sampled_from(_all(OWL, names)))


assertion = st.one_of(
    st.tuples(individual, property_, value),
    st.tuples(individual, property_, individual),
    st.tuples(individual, st.just(TYPE), any_class),
    st.tuples(individual, st.sampled_from(_all(OWL, "sameAs differentFrom")), individual),
)

#: Axioms of one triple.
axiom = st.one_of(
    _triples(any_class, RDFS + "subClassOf", any_class),
    st.tuples(
        class_,
        st.sampled_from(_all(OWL, "equivalentClass disjointWith complementOf sameAs")),
        any_class,
    ),
    _triples(any_property, RDFS + "subPropertyOf", any_property),
    st.tuples(
        any_property,
        st.sampled_from(_all(OWL, "equivalentProperty inverseOf propertyDisjointWith sameAs")),
        any_property,
    ),
    st.tuples(
        any_property, st.sampled_from([iri(RDFS + "domain"), iri(RDFS + "range")]), any_class
    ),
    _typed(
        any_property,
        "FunctionalProperty InverseFunctionalProperty IrreflexiveProperty SymmetricProperty"
        " AsymmetricProperty TransitiveProperty ObjectProperty DatatypeProperty",
    ),
    _typed(class_, "Class"),
)


@st.composite
def restrictions(draw: st.DrawFn) -> list[Triple]:
    """A restriction, on a class of the few; now and then without owl:onProperty."""
    c = draw(class_)
    made = [(c, iri(OWL + "onProperty"), draw(property_))] if draw(st.integers(0, 9)) else []
    kind = draw(st.sampled_from(["some", "all", "value", "max", "qualified"]))
    if kind in ("some", "all"):
        made.append((c, iri(f"{OWL}{kind}ValuesFrom"), draw(any_class)))
    elif kind == "value":
        made.append((c, iri(OWL + "hasValue"), draw(value)))
    elif kind == "max":
        made.append((c, iri(OWL + "maxCardinality"), draw(st.sampled_from(COUNTS))))
    else:
        made.append((c, iri(OWL + "maxQualifiedCardinality"), draw(st.sampled_from(COUNTS))))
        made.append((c, iri(OWL + "onClass"), draw(any_class)))
    return made


@st.composite
def denials(draw: st.DrawFn) -> list[Triple]:
    """A negative property assertion."""
    target, name = draw(
        st.one_of(
            st.tuples(individual, st.just("targetIndividual")),
            st.tuples(st.sampled_from(LITERALS), st.just("targetValue")),
        )
    )
    return [
        ("_:denial", iri(OWL + "sourceIndividual"), draw(individual)),
        ("_:denial", iri(OWL + "assertionProperty"), draw(property_)),
        ("_:denial", iri(OWL + name), target),
    ]


@st.composite
def lists(draw: st.DrawFn) -> list[Triple]:
    """Lists of one kind of member that share their tails, and axioms that use them."""
    kind = draw(st.sampled_from(["classes", "properties", "individuals"]))
    members = {"classes": any_class, "properties": property_, "individuals": individual}[kind]
    cells = [f"_:{kind}{k}" for k in range(1, draw(st.integers(1, 3)) + 1)]
    made = []
    for cell, tail in zip(cells, [*cells[1:], NIL], strict=True):
        made += [(cell, FIRST, draw(members)), (cell, REST, tail)]
    fault = draw(st.integers(0, 19))
    if fault == 0:
        made.append((cells[-1], REST, cells[0]))  # an end, and a way round
    elif fault == 1:
        made.append((cells[0], FIRST, draw(members)))  # two members in one cell
    elif fault == 2:
        made.pop()  # no end
    for number in range(draw(st.integers(1, 2))):
        head = draw(st.sampled_from(cells))
        if kind == "classes":
            use = draw(st.sampled_from(["intersectionOf", "unionOf", "AllDisjointClasses"]))
        elif kind == "properties":
            use = draw(st.sampled_from(["propertyChainAxiom", "hasKey", "AllDisjointProperties"]))
        else:
            use = draw(st.sampled_from(["oneOf", "AllDifferent", "AllDifferentOld"]))
        if use.startswith("All"):
            axiom_node = f"_:{kind}-axiom{number}"
            made.append((axiom_node, TYPE, iri(OWL + use.removesuffix("Old"))))
            link = "distinctMembers" if use.endswith("Old") else "members"
            made.append((axiom_node, iri(OWL + link), head))
        else:
            subject = draw(any_property if use == "propertyChainAxiom" else class_)
            made.append((subject, iri(OWL + use), head))
    return made


def _sort(var: Var, rule: Rule) -> str:
    """What a variable of a rule stands for: a property, a class, a value or an individual."""
    sort = "value"
    for atom in (*rule.premises, *(rule.conclusions or ())):
        subject, predicate, object_ = (isinstance(n, Var) and n.name == var.name for n in atom)
        word = str(atom.p).rpartition("#")[2].rstrip(">")
        if predicate and _like(atom.p, var):
            return "property"
        if (subject and _like(atom.s, var) and word in PROPERTY_WORDS) or (
            object_
            and _like(atom.o, var)
            and word in {*PROPERTY_WORDS, "onProperty", "assertionProperty"}
            and word not in ("domain", "range", "propertyChainAxiom")
        ):
            return "property"
        if (subject and _like(atom.s, var) and word in CLASS_WORDS) or (
            object_ and _like(atom.o, var) and word in CLASS_OBJECTS
        ):
            return "class"
        if subject and _like(atom.s, var):
            sort = "individual"
    return sort


def _like(node: Node, var: Var) -> bool:
    return isinstance(node, Var) and node.name == var.name and bool(node.index) == bool(var.index)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PROPERTY_WORDS = _words(
    "subPropertyOf equivalentProperty inverseOf propertyDisjointWith domain range "
    "propertyChainAxiom"
)
CLASS_WORDS = _words(
    "subClassOf equivalentClass disjointWith complementOf intersectionOf unionOf oneOf "
    "hasKey onProperty someValuesFrom allValuesFrom hasValue maxCardinality "
    "maxQualifiedCardinality onClass"
)
CLASS_OBJECTS = _words(
    "type subClassOf equivalentClass disjointWith complementOf someValuesFrom "
    "allValuesFrom onClass domain range"
)
SORTS = {"property": property_, "class": any_class, "value": value, "individual": individual}
SEEDS = [rule for rule in ruleset() if rule.premises]


@st.composite
def applications(draw: st.DrawFn) -> list[Triple]:
    """The premises of some rule, with terms of the few; sometimes one premise short."""
    rule = draw(st.sampled_from(SEEDS))
    size = draw(st.integers(1, 3)) if rule.lists else 0
    picked = {i: str(draw(st.integers(1, size))) for i in rule.picks}
    if "j" in picked:
        picked |= {"i": "1", "j": str(max(2, size))}
        size = max(2, size)
    bindings: dict[str, Term] = dict(picked)
    made: list[Triple] = []

    def term(node: Node, here: int) -> Term:
        if not isinstance(node, Var):
            return node
        key = node.key(bindings, size, here)
        if key not in bindings:
            bindings[key] = draw(SORTS[_sort(node, rule)])
        return bindings[key]

    for listed in rule.lists:
        cells = [f"_:{rule.id[:3]}{draw(st.integers(0, 4))}x{k}" for k in range(size)]
        bindings[listed.head.name] = cells[0]
        for k, (cell, tail) in enumerate(zip(cells, [*cells[1:], NIL], strict=True), start=1):
            made += [(cell, FIRST, term(Var(listed.member, "i"), k)), (cell, REST, tail)]
    for atom in rule.premises:
        for here in range(1, size + 1) if atom.each else (0,):
            s, p, o = (term(node, here) for node in atom)
            made.append((s, p, o))
    if draw(st.integers(0, 4)) == 0:
        made.pop(draw(st.integers(0, len(made) - 1)))
    return [t for t in made if not t[0].startswith('"') and t[1].startswith("<")]


@st.composite
def graphs(draw: st.DrawFn, size: int = 8) -> list[Triple]:
    """A graph of rules' premises, assertions, axioms, restrictions, lists, denials, in no order."""
    made: list[Triple] = []
    for part in draw(st.lists(applications(), min_size=1, max_size=max(1, size // 2))):
        made += part
    made += draw(st.lists(assertion, max_size=size // 2))
    made += draw(st.lists(axiom, max_size=size // 3))
    for part in draw(st.lists(st.one_of(restrictions(), lists(), denials()), max_size=size // 4)):
        made += part
    return draw(st.permutations(list(dict.fromkeys(made))))


@st.composite
def chains(draw: st.DrawFn) -> list[Triple]:
    """Links of a property that is transitive, or a chain of itself, and that others entail."""
    p, q, r = PROPERTIES
    chain = [(p, iri(OWL + "propertyChainAxiom"), "_:l"), ("_:l", FIRST, p), ("_:l", REST, "_:m")]
    chain += [("_:m", FIRST, p), ("_:m", REST, NIL)]
    axioms = draw(st.sampled_from([[(p, TYPE, iri(OWL + "TransitiveProperty"))], chain]))
    more = [(q, iri(RDFS + "subPropertyOf"), p), (p, iri(OWL + "inverseOf"), r)]
    node = st.sampled_from(_all(EX, "a b c d e f g h"))
    link = st.tuples(node, st.sampled_from([p, p, p, q, r]), node)
    links = draw(st.lists(link, min_size=3, unique=True))
    return [*axioms, *more[: draw(st.integers(0, 2))], *links]


AXIOMS = [
    (str(t.subject), str(t.predicate), str(t.object))
    for t in ox.parse(path=Path(__file__).parents[1] / "data" / "naming.ttl")
]
NAMED = st.sampled_from(_all(EX, "a b c d e g h"))
said = st.one_of(
    st.tuples(NAMED, st.sampled_from(_all(EX, "f i t y k c v")), NAMED),
    st.tuples(NAMED, st.just(iri(EX + "k")), st.sampled_from(LITERALS[:2])),
    st.tuples(NAMED, st.just(SAME), NAMED),
    st.tuples(NAMED, st.just(TYPE), st.sampled_from(_all(EX, "A B K M"))),
)


@st.composite
def naming(draw: st.DrawFn) -> list[Triple]:
    """A graph in which things turn out to be one for many reasons; the axioms come first."""
    less = draw(st.lists(st.sampled_from(AXIOMS), max_size=8))
    made = draw(st.lists(said, min_size=4, max_size=14, unique=True))
    return [axiom for axiom in AXIOMS if axiom not in less] + made
