"""Graphs of a wanted size in N-Triples, the same for the same seed.

    python benchmarks/generate.py university 1000000 university.nt
    python benchmarks/generate.py alliance 100000 alliance.nt --without inverse-functional

*University* has the shape of LUBM: departments with their staff, students, courses and articles.
*Alliance* has what the university lacks: chains, keys, inverse-functional properties, cliques of
equal names, defined classes of every kind. *Vocabulary* is a large ontology that says little of
single things, *readings* are measurements, with a number or a time in most triples. Sizes are cut
to what was asked for.
"""

from __future__ import annotations

import argparse
import random
from itertools import count as naturals
from pathlib import Path

import pyoxigraph as ox

ONTOLOGIES = Path(__file__).parent / "ontologies"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
RDFS = "<http://www.w3.org/2000/01/rdf-schema#"
OWL = "<http://www.w3.org/2002/07/owl#"
SAME_AS = f"{OWL}sameAs>"
XSD = "<http://www.w3.org/2001/XMLSchema#"
INTEGER = f"{XSD}integer>"


def ontology(name: str, without: str | None = None) -> list[str]:
    """The lines of an ontology, less the axioms of one kind."""
    quads = ox.parse(path=ONTOLOGIES / f"{name}.ttl", format=ox.RdfFormat.TURTLE)
    lines = [f"{q.subject} {q.predicate} {q.object} ." for q in quads]
    names: dict[str, str] = {}
    for i, line in enumerate(lines):
        for word in line.split():
            if word.startswith("_:"):
                line = line.replace(word, names.setdefault(word, f"_:schema{len(names)}"))
        lines[i] = line
    unwanted = {"inverse-functional": "InverseFunctionalProperty>"}
    return [line for line in lines if not without or unwanted[without] not in line]


def university(rng: random.Random, number: int) -> list[str]:
    """A department; every twentieth opens a university."""
    schema = "<http://university.example/schema#"
    topics = [f'"Research {n}"' for n in range(40)]
    out: list[str] = []
    u, d = divmod(number, 20)
    university_ = f"<http://www.university{u}.example>"
    if d == 0:
        out.append(f"{university_} {RDF_TYPE} {schema}University> .")
        out.append(f'{university_} {schema}name> "University {u}" .')
    base = f"<http://www.department{d}.university{u}.example"
    department = f"{base}>"
    out.append(f"{department} {RDF_TYPE} {schema}Department> .")
    out.append(f"{department} {schema}subOrganizationOf> {university_} .")
    out.append(f'{department} {schema}name> "Department {d}" .')
    for group in range(rng.randint(10, 20)):
        out.append(f"{base}/group{group}> {RDF_TYPE} {schema}ResearchGroup> .")
        out.append(f"{base}/group{group}> {schema}subOrganizationOf> {department} .")
    courses = 0
    professors: list[str] = []
    staff: list[str] = []
    for rank, low, high in (
        ("FullProfessor", 7, 10),
        ("AssociateProfessor", 10, 14),
        ("AssistantProfessor", 8, 11),
        ("Lecturer", 5, 7),
    ):
        for n in range(rng.randint(low, high)):
            name = f"{base}/{rank}{n}"
            who = f"{name}>"
            staff.append(who)
            if rank != "Lecturer":
                professors.append(who)
            out.append(f"{who} {RDF_TYPE} {schema}{rank}> .")
            out.append(f'{who} {schema}name> "{rank}{n}" .')
            out.append(f"{who} {schema}worksFor> {department} .")
            for degree in ("undergraduate", "masters", "doctoral"):
                other = f"<http://www.university{rng.randrange(1000)}.example>"
                out.append(f"{who} {schema}{degree}DegreeFrom> {other} .")
            mail = f"{rank}{n}@department{d}.university{u}.example"
            out.append(f'{who} {schema}emailAddress> "{mail}" .')
            out.append(f'{who} {schema}telephone> "xxx-xxx-xxxx" .')
            out.append(f"{who} {schema}researchInterest> {rng.choice(topics)} .")
            for kind in ("Course", "GraduateCourse"):
                for _ in range(rng.randint(1, 2)):
                    course = f"{base}/{kind}{courses}>"
                    courses += 1
                    out.append(f"{course} {RDF_TYPE} {schema}{kind}> .")
                    out.append(f"{who} {schema}teacherOf> {course} .")
            for article in range(rng.randint(3, 12)):
                paper = f"{name}/Publication{article}>"
                kind = rng.choice(("JournalArticle", "ConferencePaper", "TechnicalReport"))
                out.append(f"{paper} {RDF_TYPE} {schema}{kind}> .")
                out.append(f'{paper} {schema}name> "Publication{article}" .')
                out.append(f"{paper} {schema}publicationAuthor> {who} .")
    out.append(f"{professors[0]} {schema}headOf> {department} .")
    taught = [line.split()[2] for line in out if f"{schema}teacherOf>" in line]
    higher = [c for c in taught if "/Graduate" in c]
    lower = [c for c in taught if "/Course" in c]
    for n in range(len(staff) * rng.randint(8, 14)):
        who = f"{base}/UndergraduateStudent{n}>"
        out.append(f"{who} {RDF_TYPE} {schema}UndergraduateStudent> .")
        out.append(f'{who} {schema}name> "UndergraduateStudent{n}" .')
        out.append(f"{who} {schema}memberOf> {department} .")
        mail = f"UndergraduateStudent{n}@department{d}.university{u}.example"
        out.append(f'{who} {schema}emailAddress> "{mail}" .')
        out.append(f'{who} {schema}telephone> "xxx-xxx-xxxx" .')
        for course in rng.sample(lower, rng.randint(2, 4)):
            out.append(f"{who} {schema}takesCourse> {course} .")
        if n % 5 == 0:
            out.append(f"{who} {schema}advisor> {rng.choice(professors)} .")
    for n in range(len(staff) * rng.randint(3, 4)):
        who = f"{base}/GraduateStudent{n}>"
        out.append(f"{who} {RDF_TYPE} {schema}GraduateStudent> .")
        out.append(f'{who} {schema}name> "GraduateStudent{n}" .')
        out.append(f"{who} {schema}memberOf> {department} .")
        other = f"<http://www.university{rng.randrange(1000)}.example>"
        out.append(f"{who} {schema}undergraduateDegreeFrom> {other} .")
        out.append(f"{who} {schema}advisor> {rng.choice(professors)} .")
        for course in rng.sample(higher, rng.randint(1, 3)):
            out.append(f"{who} {schema}takesCourse> {course} .")
        if n % 5 == 0:
            out.append(f"{who} {schema}teachingAssistantOf> {rng.choice(lower)} .")
    return out


def alliance(rng: random.Random, number: int) -> list[str]:
    """A region: thirty states, their leaders, treaties and other names."""
    schema = "<http://alliance.example/schema#"
    out: list[str] = []
    base = f"<http://region{number}.alliance.example"
    states = [f"{base}/state{n}>" for n in range(30)]
    for n, state in enumerate(states):
        kind = "GreatPower" if n < 2 else "Neutral" if n < 5 else "State"
        out.append(f"{state} {RDF_TYPE} {schema}{kind}> .")
        out.append(f'{state} {schema}title> "State {n} of region {number}"@en .')
        out.append(f"{state} {schema}capital> {base}/city{n}> .")
        if n % 3 == 0:  # other names of the state: cliques of two to four
            for other in range(rng.randint(1, 3)):
                out.append(f"{state} {SAME_AS} {base}/state{n}/name{other}> .")
        if n % 4 == 0:  # a second capital by name: the same city, as capital is functional
            out.append(f"{state} {schema}capital> {base}/city{n}/oldname> .")
        previous = ""
        for m in range(6):
            who = f"{base}/leader{n}.{m}>"
            out.append(f"{who} {schema}leads> {state} .")
            out.append(f'{who} {schema}title> "Leader {m} of state {n}" .')
            out.append(f"{who} {schema}passport> {base}/passport{n}.{m}> .")
            if m == 2:  # known under a second name: the same passport
                out.append(f"{base}/alias{n}.{m}> {schema}passport> {base}/passport{n}.{m}> .")
                out.append(f'{base}/alias{n}.{m}> {schema}title> "Alias of {n}.{m}" .')
            if previous:
                out.append(f"{who} {schema}successorOf> {previous} .")
                out.append(f"{previous} {schema}before> {who} .")
                if m % 2:
                    out.append(f"{who} {schema}parentOf> {base}/child{n}.{m}> .")
                    out.append(f"{base}/child{n}.{m}> {schema}parentOf> {base}/heir{n}.{m}> .")
            previous = who
    for n in range(40):
        treaty = f"{base}/treaty{n}>"
        year = rng.randint(1900, 2020)
        parties = rng.sample(states, rng.randint(2, 5))
        out.append(f"{treaty} {RDF_TYPE} {schema}Treaty> .")
        out.append(f'{treaty} {schema}title> "Treaty {n} of region {number}" .')
        out.append(f'{treaty} {schema}registryNumber> "{number}/{n}" .')
        out.append(f'{treaty} {schema}signedIn> "{year}"^^{INTEGER} .')
        kind = rng.choice(("defence", "nonAggression", "trade"))
        out.append(f"{treaty} {schema}kind> {schema}{kind}> .")
        for state in parties:
            out.append(f"{treaty} {schema}party> {state} .")
        if n % 4 == 0:
            out.append(f"{treaty} {schema}guarantor> {states[n % 2]} .")
        if n % 8 == 0:  # registered twice: the key says that it is one treaty
            copy = f"{base}/treaty{n}/copy>"
            out.append(f"{copy} {RDF_TYPE} {schema}Treaty> .")
            out.append(f'{copy} {schema}registryNumber> "{number}/{n}" .')
            out.append(f'{copy} {schema}signedIn> "{year}"^^{INTEGER} .')
        out.append(f"{parties[0]} {schema}alliedWith> {parties[1]} .")
    return out


def vocabulary(rng: random.Random, number: int) -> list[str]:
    """A branch: a tree of forty classes, five properties, up to two things."""
    base = "<http://vocabulary.example/"
    out: list[str] = []
    classes = [f"{base}C{number}.{n}>" for n in range(40)]
    properties = [f"{base}p{number}.{n}>" for n in range(5)]
    for n, name in enumerate(properties):
        out.append(f"{name} {RDF_TYPE} {OWL}ObjectProperty> .")
        above = f"{base}{rng.choice(('partOf', 'takesPartIn', 'relatedTo'))}>"
        out.append(f"{name} {RDFS}subPropertyOf> {above if n < 2 else properties[n - 2]} .")
        out.append(f"{name} {RDFS}domain> {rng.choice(classes)} .")
        out.append(f"{name} {RDFS}range> {rng.choice(classes)} .")
    for n, name in enumerate(classes):
        top = f"{base}{'Material' if number % 2 else 'Process'}>"
        out.append(f"{name} {RDF_TYPE} {OWL}Class> .")
        out.append(f"{name} {RDFS}subClassOf> {classes[(n - 1) // 3] if n else top} .")
        out.append(f'{name} {RDFS}label> "concept {number} {n}"@en .')
        out.append(f'{name} {RDFS}comment> "What there is to say of {n} in {number}."@en .')
        if n % 3 == 1:  # something that all of them have
            some = f"_:r{number}.{n}"
            out.append(f"{name} {RDFS}subClassOf> {some} .")
            out.append(f"{some} {RDF_TYPE} {OWL}Restriction> .")
            out.append(f"{some} {OWL}onProperty> {rng.choice(properties)} .")
            out.append(f"{some} {OWL}someValuesFrom> {rng.choice(classes)} .")
        if n % 3 == 2:
            out.append(f"{name} {OWL}disjointWith> {classes[n - 1]} .")
    for n in range(rng.randint(0, 2)):
        thing = f"{base}thing{number}.{n}>"
        out.append(f"{thing} {RDF_TYPE} {rng.choice(classes)} .")
        out.append(f"{thing} {rng.choice(properties)} {base}other{number}.{n}> .")
    return out


def readings(rng: random.Random, number: int) -> list[str]:
    """A sensor with a hundred readings."""
    schema = "<http://readings.example/schema#"
    sensor = f"<http://readings.example/sensor{number}>"
    out = [f"{sensor} {RDF_TYPE} {schema}Sensor> ."]
    out.append(f"{sensor} {schema}hostedBy> <http://readings.example/station{number // 8}> .")
    for n in range(100):
        reading = f"<http://readings.example/sensor{number}/{n}>"
        value, minute = rng.gauss(15, 10), rng.randrange(60)
        time = f"2021-{number % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{minute:02}:00Z"
        out.append(f"{reading} {RDF_TYPE} {schema}Reading> .")
        out.append(f"{reading} {schema}madeBy> {sensor} .")
        out.append(f'{reading} {schema}value> "{value:.3f}"^^{XSD}double> .')
        out.append(f'{reading} {schema}time> "{time}"^^{XSD}dateTime> .')
        out.append(f'{reading} {schema}sequence> "{100 * number + n}"^^{INTEGER} .')
    return out


#: Each makes one part of a graph, given its number.
KINDS = {
    "university": university,
    "alliance": alliance,
    "vocabulary": vocabulary,
    "readings": readings,
}


def generate(kind: str, size: int, path: Path, without: str | None = None, seed: int = 7) -> int:
    """Write a graph of at least ``size`` triples (cut to it) and return how many there are."""
    lines = ontology(kind, without)
    count = len(lines)
    with path.open("w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        rng = random.Random(seed)
        for number in naturals():
            part = KINDS[kind](rng, number)[: size - count]
            file.write("\n".join(part) + "\n")
            count += len(part)
            if count >= size:
                break
    return count


def article(path: Path) -> int:
    """Write what the article's graph asserts, ontology and background included."""
    from foedus.knowledge import KnowledgeGraph
    from foedus.reasoning.encoding.writing import write_triples

    triples = sorted(KnowledgeGraph.build().asserted)
    write_triples(triples, path)
    return len(triples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=[*KINDS, "article"])
    parser.add_argument("size", type=int, help="how many triples; the article's are what they are")
    parser.add_argument("path", type=Path)
    parser.add_argument("--without", choices=["inverse-functional"])
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    if given.kind == "article":
        print(article(given.path), "triples")
    else:
        print(generate(given.kind, given.size, given.path, given.without, given.seed), "triples")


if __name__ == "__main__":
    main()
