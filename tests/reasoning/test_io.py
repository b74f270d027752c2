"""What the fast reader takes is what pyoxigraph takes, to the byte; what it writes reads back."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from foedus.errors import InputError, ParseFailure, UnknownName
from foedus.reasoning.encoding import lines, reading, writing
from foedus.reasoning.encoding.dictionary import Terms
from foedus.reasoning.rules.datatypes import value_key
from foedus.store import convert
from foedus.terms import Triple, split_literal

HERE = Path(__file__).parents[1]

GOOD = """\
<http://a.example/s> <http://a.example/p> <http://a.example/o> .
<http://a.example/s> <http://a.example/p> "plain" .
<http://a.example/s> <http://a.example/p> "two words . and a dot ." .
<http://a.example/s> <http://a.example/p> "mot"@fr-be .
<http://a.example/s> <http://a.example/p> "MOT"@FR .
<http://a.example/s> <http://a.example/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://a.example/s> <http://a.example/p> "s"^^<http://www.w3.org/2001/XMLSchema#string> .
<http://a.example/s> <http://a.example/p> "a \\"quote\\" and \\u0041 and \\t and \\\\" .
<http://a.example/s> <http://a.example/p> "tab\there" .
<http://a.example/s> <http://a.example/p> "\u7530\u4e2d \U0001f600" .
<http://a.example/s> <http://a.example/p> "\ufffe \x7f" .
<http://a.example/s> <http://a.example/p> "" .
<http://a.example/s> <http://a.example/p> " " .
<http://a.example/s> <http://a.example/p> "<http://looks.like/an/iri>" .
<http://a.example/s> <http://a.example/p> "_:b" .
<http://a.example:80/s?q=1#f> <urn:x:y> <http://\u00e9.example/%20> .
_:b <mailto:a@b.example> _:c.d .
_:0 <tag:a> _:B-1 . # a comment
# a comment
<http://a.example/s><http://a.example/p><http://a.example/o>.

   <http://a.example/s>   <http://a.example/p>\t"x"   .
<http://a.example/s>\t<http://a.example/p>\t"x"\t.
<http://a.example/\\u00e9> <http://a.example/p> "x"@en--ltr .
"""
BAD = [
    "<relative> <http://a.example/p> <http://a.example/o> .",
    "<http://a.example/a b> <http://a.example/p> <http://a.example/o> .",
    "<http://a.example/%zz> <http://a.example/p> <http://a.example/o> .",
    "<http://a.example:x/> <http://a.example/p> <http://a.example/o> .",
    "<http://a.example/s> <http://a.example/p> <http://a.example/#a#b> .",
    "<http://a.example/s> <http://a.example/p> <http:> x> .",
    '"literal" <http://a.example/p> <http://a.example/o> .',
    '<http://a.example/s> "p" <http://a.example/o> .',
    "<http://a.example/s> _:p <http://a.example/o> .",
    '<http://a.example/s> <http://a.example/p> "open .',
    '<http://a.example/s> <http://a.example/p> "a" "b" .',
    '<http://a.example/s> <http://a.example/p> "a"@ .',
    '<http://a.example/s> <http://a.example/p> "a"@toolongsubtag .',
    '<http://a.example/s> <http://a.example/p> "a"^^<rel> .',
    '<http://a.example/s> <http://a.example/p> "a"^^"b" .',
    '<http://a.example/s> <http://a.example/p> "bad \\x escape" .',
    "<http://a.example/s> <http://a.example/p> .",
    "<http://a.example/s> <http://a.example/p> <http://a.example/o>",
    "<http://a.example/s> <http://a.example/p> <http://a.example/o> . extra",
    "_:-a <http://a.example/p> _:b .",
    "_: <http://a.example/p> _:b .",
    "junk",
]
MARKS = r'" \ \n \u0041 @en ^^<urn:t> . # x é 田 : < > - _ <http://a/> <urn:x> _:b "a" "x"'
PIECES = st.sampled_from([*MARKS.split(" "), *("\t", "\n", "\r", " ", " ", " ", " . ", " .\n")])


def by_numpy(text: bytes, quads: bool = False, chunk: int | None = None) -> list[Triple]:
    terms = Terms()
    if quads and chunk is None:
        return rows(terms, reading.read(text, terms))
    chunk = chunk or len(text) + 1
    pieces = (text[at : at + chunk] for at in range(0, len(text), chunk))
    found = list(lines.LineReader(terms, "text", quads).read(pieces))
    return rows(terms, lines.joined(found))


def rows(terms: Terms, ids: reading.Ids) -> list[Triple]:
    s, p, o = (terms.tokens(ids[:, n]) for n in range(3))
    return list(zip(s, p, o, strict=True))


def by_pyoxigraph(text: bytes, kind: ox.RdfFormat = ox.RdfFormat.N_TRIPLES) -> list[Triple]:
    return [(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(text, kind)]


def test_lines_of_every_shape() -> None:
    assert sorted(by_numpy(GOOD.encode())) == sorted(by_pyoxigraph(GOOD.encode()))


@pytest.mark.parametrize("line", GOOD.splitlines())
def test_a_good_line(line: str) -> None:
    assert by_numpy(line.encode()) == by_pyoxigraph(line.encode())


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.nt"
    file.write_text(GOOD + line + "\n" + GOOD, encoding="utf-8")
    with pytest.raises(ParseFailure) as caught:
        reading.read(file, Terms())
    assert caught.value.file == str(file)
    assert caught.value.line == GOOD.count("\n") + 1
    with pytest.raises(SyntaxError):
        by_pyoxigraph(line.encode())


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_is_taken_or_refused_as_pyoxigraph_does(text: str) -> None:
    raw = text.encode()
    for quads in (False, True):
        kind = ox.RdfFormat.N_QUADS if quads else ox.RdfFormat.N_TRIPLES
        try:
            expected = by_pyoxigraph(raw, kind)
        except SyntaxError:
            with pytest.raises(ParseFailure):
                by_numpy(raw, quads)
        else:
            assert sorted(by_numpy(raw, quads)) == sorted(expected)


@pytest.mark.parametrize("chunk", [1, 7, 64, 1000])
def test_where_chunks_end_does_not_matter(chunk: int) -> None:
    text = GOOD.encode().rstrip(b"\n")
    assert sorted(by_numpy(text, True, chunk)) == sorted(by_pyoxigraph(text))


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ParseFailure):
        by_numpy(b'<http://a/> <http://b/> "\xff" .')


def test_graph_names_are_left_out() -> None:
    text = b'<urn:s> <urn:p> "a <b>" <urn:g> .\n<urn:s> <urn:p> "a <b" .\n<urn:s> <urn:p> _:o _:g .'
    expected = [("<urn:s>", "<urn:p>", o) for o in ('"a <b"', '"a <b>"', "_:o")]
    assert sorted(by_numpy(text, quads=True)) == expected


TURTLE = '@prefix : <http://a.example/> . :a :p [ :q "x" ] , ( 1 2.5 ) . _:x :p true .'


@pytest.mark.parametrize(
    "extension", ["ttl", "ttl.gz", "trig", "nq", "nt", "nt.gz", "rdf", "jsonld"]
)
def test_every_format_gives_the_same_triples(extension: str, tmp_path: Path) -> None:
    bare = extension.removesuffix(".gz")
    kind = convert.FORMATS[bare]
    quads = list(ox.parse(TURTLE, ox.RdfFormat.TURTLE))
    text = ox.serialize(quads if kind.supports_datasets else (q.triple for q in quads), format=kind)
    file = tmp_path / f"graph.{extension}"
    file.write_bytes(gzip.compress(text) if extension.endswith(".gz") else text)
    terms = Terms()
    found = convert.to_rdflib(rows(terms, reading.read(file, terms)))
    assert isomorphic(found, rdflib.Graph().parse(data=TURTLE))
    again = Terms()
    assert rows(again, reading.read(file, again)) == rows(terms, reading.read(file, Terms()))
    out = tmp_path / f"out.{extension}"
    writing.write(terms, [reading.read(file, terms)], out)
    assert len(reading.read(out, Terms())) == len(found)


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one.nt", tmp_path / "two.nt"
    one.write_text("_:b <urn:p> _:b0 .\n_:b0 <urn:p> _:f1b0 .\n")
    two.write_text("_:b <urn:p> _:b .\n_:b0 <urn:p> _:b1  .\n")
    terms = Terms()
    first, second = reading.read(one, terms), reading.read(two, terms)
    assert rows(terms, first)[0] == ("_:b", "<urn:p>", "_:b0")
    assert not set(first[:, [0, 2]].ravel().tolist()) & set(second[:, [0, 2]].ravel().tolist())
    assert second[0, 0] == second[0, 2]
    assert len(np.unique(second[:, [0, 2]])) == 3


def test_many_files_with_blank_nodes_take_as_long_as_their_lines(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.nt" for n in range(200)]
    for file in files:
        file.write_text("".join(f"_:b{n} <urn:p> _:f{n}b .\n" for n in range(100)))
    looked = 0

    class Watched(Terms):
        def tokens(self, numbers: reading.Ids) -> list[str]:
            nonlocal looked
            looked += len(numbers)
            return super().tokens(numbers)

    terms = Watched()
    found = reading.read(files, terms)
    assert len(np.unique(found[:, [0, 2]])) == 200 * 200
    assert looked <= len(terms)  # each label once


def test_a_long_literal_takes_a_few_times_its_size() -> None:
    words = b"x" * 2_000_000 + 200_000 * rb"\n \" "
    line = b'<urn:a> <urn:p> "' + words + b'" .\n'
    tracemalloc.start()
    try:
        assert by_numpy(line)[0][2].encode() == b'"' + words + b'"'
        assert tracemalloc.get_traced_memory()[1] < 20 * len(line)
    finally:
        tracemalloc.stop()


#: What stands in a literal of RDF/XML, and what becomes of it in canonical XML.
XML = [
    ('<p xmlns="http://a">Hello <b>you</b></p>', '<p xmlns="http://a">Hello <b>you</b></p>'),
    ('<x:p xmlns:x="http://a" x:q="1"/>', '<x:p xmlns:x="http://a" x:q="1"></x:p>'),
    ('<p xmlns:ex="http://a"><ex:q/></p>', '<p><ex:q xmlns:ex="http://a"></ex:q></p>'),
    ('<p xmlns="http://b"><q xmlns=""/></p>', '<p xmlns="http://b"><q xmlns=""></q></p>'),
    ("<p q='\"' r='a=\"b\" c'/>", '<p q="&quot;" r="a=&quot;b&quot; c"></p>'),
    ('<p q="&lt;a b=&quot;c&quot; b=&quot;c&quot;>"/>', None),
    ('<p xmlns="http://a&amp;b"/><p xmlns="http://a&amp;b"/>', None),
    ('plain &lt;p xmlns="a" xmlns="a"&gt;', None),
]


@pytest.mark.parametrize(("content", "canonical"), XML)
def test_an_xml_literal_of_rdf_xml_is_xml(
    content: str, canonical: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "a.rdf"
    file.write_text((HERE / "data" / "literal.rdf").read_text().replace("CONTENT", content))
    store = ox.Store()
    store.load(path=str(file), format=ox.RdfFormat.RDF_XML)
    terms = Terms()
    ((_, _, token),) = rows(terms, reading.read(file, terms))
    assert value_key(token) is not None
    assert value_key(token) == value_key(rows(terms, reading.read(store, terms))[0][2])
    ElementTree.fromstring(f"<r>{split_literal(token)[0]}</r>")
    if canonical:
        assert value_key(token) == ("XMLLiteral", f"<x>{canonical}</x>")


def test_graphs_in_memory() -> None:
    graph = rdflib.Graph().parse(data=TURTLE)
    graph.add(
        (rdflib.URIRef("urn:s"), rdflib.URIRef("urn:p"), rdflib.Literal('a\n"b"\x01', lang="en"))
    )
    store = convert.to_pyoxigraph([tuple(map(convert.term_of, row)) for row in graph])
    for data in (graph, store, list(graph), list(store), ox.Dataset(store)):
        terms = Terms()
        found = convert.to_rdflib(rows(terms, reading.read(data, terms)))
        assert isomorphic(found, graph), type(data)


@pytest.mark.parametrize("text", ['"a"', '"a"@en', '"1"^^<urn:t>', "<urn:a>", "_:b", '"\\\\ \\n"'])
def test_terms_of_other_libraries(text: str) -> None:
    assert convert.term_of(convert.rdflib_term(text)) == text
    assert convert.term_of(convert.ox_term(text)) == text
    string = rdflib.Literal("a", datatype=rdflib.XSD.string)
    assert convert.term_of(string) == '"a"'


def test_a_graph_that_shares_its_store_is_read_alone() -> None:
    a, b, c = (rdflib.URIRef(f"urn:{name}") for name in "abc")
    data = rdflib.Dataset()
    alone, other = data.graph(a), data.graph(b)
    alone.add((a, a, a))
    assert read_terms(alone) == read_terms(data) == [3 * ("<urn:a>",)]
    other.add((b, b, b))
    other.add((a, a, a))
    assert read_terms(alone) == [3 * ("<urn:a>",)]
    assert read_terms(data.graph(c)) == []
    other.remove((a, a, a))
    assert read_terms(other) == [3 * ("<urn:b>",)]
    simple = rdflib.Graph(store="SimpleMemory").add((c, c, c))
    assert read_terms(simple) == [3 * ("<urn:c>",)]


def read_terms(data: rdflib.Graph) -> list[Triple]:
    terms = Terms()
    return sorted(rows(terms, reading.read(data, terms)))


def test_an_rdflib_dataset_is_read_whole() -> None:
    data = rdflib.Dataset()
    data.graph(rdflib.URIRef("urn:g")).add(3 * (rdflib.URIRef("urn:a"),))
    data.add(3 * (rdflib.URIRef("urn:b"),))
    terms = Terms()
    assert sorted(rows(terms, reading.read(data, terms))) == [3 * ("<urn:a>",), 3 * ("<urn:b>",)]


def test_triples_of_strings_are_checked() -> None:
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    terms = Terms()
    given_ = [("<urn:a>", "<urn:b>", '"x"^^<http://www.w3.org/2001/XMLSchema#string>')]
    assert rows(terms, reading.read(given_, terms)) == [("<urn:a>", "<urn:b>", '"x"')]
    for wrong in (
        ('"1"', "<urn:b>", "<urn:c>"),
        ("<urn:a>", "_:b", "<urn:c>"),
        ("urn:a", "<urn:b>", "<urn:c>"),
        ("<urn:a>", "<urn:b>", f'"a\nb"^^{integer}'),
    ):
        with pytest.raises(ParseFailure, match="the triple"):
            reading.read([wrong], terms)
    with pytest.raises(InputError, match="three terms"):
        reading.read([("<urn:a>", "<urn:b>")], terms)


@pytest.mark.parametrize("empty", [[], b"", b"\n", b"# nothing", rdflib.Graph(), ox.Store()])
def test_nothing_in_nothing_out(empty: object) -> None:
    assert reading.read(empty, Terms()).shape == (0, 3)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        reading.read(tmp_path / "absent.nt", Terms())
    with pytest.raises(UnknownName, match=r"known endings are .*\.ttl"):
        reading.read(tmp_path / "table.csv", Terms())
    packed = tmp_path / "broken.nt.gz"
    whole = gzip.compress(GOOD.encode())
    for broken in (whole[:-30], whole[:40] + b"!!" + whole[42:], b"no gzip"):
        packed.write_bytes(broken)
        with pytest.raises(InputError, match="cannot be read"):
            reading.read(packed, Terms())
    turtle = tmp_path / "broken.ttl"
    turtle.write_text("@prefix : <http://a.example/> .\n:a :b c:d .\n")
    with pytest.raises(ParseFailure, match="prefix c: has not been declared") as caught:
        reading.read(turtle, Terms())
    assert caught.value.line == 2


def test_triples_inside_triples_are_refused(tmp_path: Path) -> None:
    for name, text, line in (
        ("new.nt", GOOD + "<urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:c> )>> .\n", True),
        ("new.ttl", "<urn:a> <urn:b> <<( <urn:a> <urn:b> <urn:c> )>> .\n", False),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(ParseFailure, match="reify") as caught:
            reading.read(tmp_path / name, Terms())
        assert caught.value.line == (GOOD.count("\n") + 1 if line else None)


def test_nothing_is_half_written(tmp_path: Path) -> None:
    target = tmp_path / "out.nt"
    target.write_text("old")

    def breaks() -> object:
        yield reading.read(GOOD.encode(), terms)
        raise RuntimeError

    terms = Terms()
    with pytest.raises(RuntimeError):
        writing.write(terms, breaks(), target)
    assert [p.name for p in tmp_path.iterdir()] == ["out.nt"]
    assert target.read_text() == "old"
    with pytest.raises(InputError, match="cannot be written"):
        writing.write(terms, [], tmp_path / "no" / "folder.nt")
