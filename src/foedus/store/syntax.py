"""What is wrong with a query, in words: the engine's reason, and the place that it means.

The engine tells one position, the furthest that it looked at, and what it would have taken there.
Among that are the reasons that are sentences. Where they are hidden by something else that it might
have read, the query is read here again, token by token.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from foedus.errors import ParseFailure
from foedus.language.spelling import near
from foedus.sparql.guard import form
from foedus.sparql.lexer import CLOSING, OPENING, Token, declared_prefixes, tokens
from foedus.sparql.parser import parse

_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_AGGREGATES = {"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"}
_FUNCTIONS = {
    *("ABS", "BNODE", "BOUND", "CEIL", "COALESCE", "CONCAT", "CONTAINS", "DATATYPE", "DAY"),
    *("ENCODE_FOR_URI", "FLOOR", "HOURS", "IF", "IRI", "ISBLANK", "ISIRI", "ISLITERAL"),
    *("ISNUMERIC", "ISTRIPLE", "ISURI", "LANG", "LANGMATCHES", "LCASE", "MD5", "MINUTES"),
    *("MONTH", "NOW", "OBJECT", "PREDICATE", "RAND", "REGEX", "REPLACE", "ROUND"),
    *("SAMETERM", "SECONDS", "SHA1", "SHA256", "SHA384", "SHA512", "STR", "STRAFTER"),
    *("STRBEFORE", "STRDT", "STRENDS", "STRLANG", "STRLEN", "STRSTARTS", "STRUUID"),
    *("SUBJECT", "SUBSTR", "TIMEZONE", "TRIPLE", "TZ", "UCASE", "URI", "UUID", "YEAR"),
    *("ADJUST", "HASLANG", "HASLANGDIR", "LANGDIR", "STRLANGDIR"),
}
#: What else may stand before an opening bracket.
_BEFORE = {
    *("AND", "AS", "ASC", "BY", "DESC", "EXISTS", "FILTER", "HAVING", "IN", "NOT", "SELECT"),
    *("VALUES", "A", "BIND"),
}
_MODIFIERS = {"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"}
#: Sentences that the engine gives as a reason.
_SENTENCE = re.compile(r"(?:expected |one of |, )([A-Z][\w*]*(?: [\w*\\.]+){2,})")
_KEYWORD = re.compile(r"(?:expected |one of |, )([A-Za-z][A-Za-z_0-9]{2,})(?=,|$)")

#: Reasons that the engine may keep to itself, where it looked further on in another direction.
_HIDDEN = [
    "The SELECT contains a variable that is unbound",
    "SELECT * is not authorized with GROUP BY",
]

#: SELECTs of a query that are looked through, and letters of one that is read again.
MANY, LONG = 100, 10_000

#: A place in a query, and what is wrong there.
Fault = tuple[Token, str]


def syntax_error(query: str, said: str, prefixes: Collection[str], file: str) -> ParseFailure:
    """The engine's syntax error in words: where it is, and the likeliest cause."""
    read = list(tokens(query))
    first = form(read)
    if first is None:
        return ParseFailure(file, "there is no query in it")
    reasons = _SENTENCE.findall(said)
    checks: list[Callable[[], Fault | None]] = [
        lambda: _form_fault(first),
        lambda: _undeclared(read, prefixes),
        lambda: _unclosed(read),
        lambda: next(_column_faults(read, reasons), None),
        lambda: _own_reason(query, read, prefixes),
        lambda: _bind_fault(read),
        lambda: next(_column_faults(read, _HIDDEN), None),
        lambda: _function_fault(read),
        lambda: _iri_fault(read),
    ]
    found = next((fault for check in checks if (fault := check())), None)
    if found:
        token, reason = found
        return ParseFailure(file, f"column {token.column}: {reason}", token.line)
    return _by_position(query, said, reasons, file)


def _form_fault(first: Token) -> Fault | None:
    if first.text.upper() in _FORMS:
        return None
    said = "a query starts with SELECT, ASK, CONSTRUCT or DESCRIBE, not with"
    return first, f"{said} {first.text!r}"


def _undeclared(read: list[Token], prefixes: Collection[str]) -> Fault | None:
    known = {*prefixes} | declared_prefixes(read)
    for token in read:
        if token.kind == "name" and token.prefix not in known:
            those = ", ".join(sorted(known))
            return token, f"the prefix '{token.prefix}:' is not declared; known are {those}"
    return None


def _unclosed(read: list[Token]) -> Fault | None:
    """A bracket that is closed by none or by another, or that closes none."""
    pairs = dict(zip("{([", "})]", strict=True))
    opened: list[Token] = []
    for token in read:
        if token.kind != "mark":
            continue
        if token.text in OPENING:
            opened.append(token)
        elif token.text in CLOSING:
            if not opened:
                return token, f"the {token.text!r} closes nothing"
            last = opened.pop()
            if pairs[last.text] != token.text:
                place = f"the {last.text!r} of line {last.line}, column {last.column}"
                return token, f"{place} is closed by {token.text!r}"
    return (opened[-1], f"the {opened[-1].text!r} is never closed") if opened else None


@dataclass(frozen=True, slots=True)
class _Select:
    """A SELECT: the tokens of its columns, of its group, and of what follows that."""

    columns: list[Token]
    group: list[Token]
    after: list[Token]

    def keys(self) -> set[str] | None:
        """The variables of GROUP BY; None where nothing is grouped or summed up."""
        names = [t.text.upper() for t in self.after]
        if "GROUP" in names:
            start = names.index("GROUP")
            ends = (i for i, name in enumerate(names) if i > start and name in _MODIFIERS)
            keys = self.after[start : next(ends, len(names))]
            return {_name(t) for t in keys if t.kind == "variable"}
        if any(t.text.upper() in _AGGREGATES for t in [*self.columns, *self.after]):
            return set()
        return None


def _selects(read: list[Token]) -> Iterator[_Select]:
    for i, token in enumerate(read):
        if token.kind == "word" and token.text.upper() == "SELECT":
            start = next((k for k in range(i, len(read)) if read[k].text == "{"), len(read))
            end = _closing(read, start)
            last = _closing(read, end + 1)
            columns = [t for t in read[i + 1 : start] if t.text.upper() != "WHERE"]
            yield _Select(columns, read[start : end + 1], read[end + 1 : last])


def _closing(read: list[Token], start: int) -> int:
    """The place of the brace that closes the one at ``start``, or the group around it."""
    depth = 0
    for k in range(start, len(read)):
        if read[k].kind == "mark":
            depth += (read[k].text == "{") - (read[k].text == "}")
        if depth < 0 or (depth == 0 and read[k].text == "}"):
            return k
    return len(read)


def _column_faults(read: list[Token], reasons: list[str]) -> Iterator[Fault]:
    """What the columns of a SELECT may not hold, where the engine says that it is so."""
    for reason in reasons:
        for select in itertools.islice(_selects(read), MANY):
            for token, why in _columns(select):
                if why in reason:
                    yield token, f"{_lowered(reason)}: {_WHY[why].format(token.text)}"


#: Part of the engine's reason -> what it is about.
_WHY = {
    "unbound": "{} is neither in GROUP BY nor inside an aggregate such as COUNT",
    "not authorized": "name the columns, the keys and the aggregates",
    "Duplicated": "{} is a column twice",
    "overrides": "{} is bound in the pattern already; take another name",
}


def _columns(select: _Select) -> Iterator[tuple[Token, str]]:
    keys = select.keys()
    bound = {_name(t) for t in select.group if t.kind == "variable"}
    named: set[str] = set()
    depth = summed = 0
    for before, token in itertools.pairwise([None, *select.columns]):
        assert token is not None
        word = before.text.upper() if before else ""
        if token.kind == "mark":
            depth += (token.text in OPENING) - (token.text in CLOSING)
        if token.text == "(" and word in _AGGREGATES:
            summed = summed or depth
        summed = summed if depth >= summed else 0
        if token.text == "*" and not depth and keys is not None:
            yield token, "not authorized"
        if token.kind != "variable" or summed:
            continue
        name = _name(token)
        if word == "AS" or not depth:
            if name in named:
                yield token, "Duplicated"
                yield token, "unbound"
            elif word == "AS" and name in bound:
                yield token, "overrides"
        if word != "AS" and keys is not None and name not in keys | named:
            yield token, "unbound"
        if word == "AS" or not depth:
            named.add(name)


def _own_reason(query: str, read: list[Token], prefixes: Collection[str]) -> Fault | None:
    """Where our own reading of the grammar stops."""
    if len(query) > LONG:
        return None
    head = "".join(f"PREFIX {name}: <x:>\n" for name in prefixes)
    try:
        parse(head + query)
    except ParseFailure as error:
        at = (error.at or 0) - len(head)
        place = next((t for t in read if t.offset >= at), read[-1])
        return place, error.reason
    return None


def _bind_fault(read: list[Token]) -> Fault | None:
    """A BIND to a variable that its group has bound before."""
    groups: list[set[str]] = [set()]
    for i, token in enumerate(read):
        if token.text == "{":
            groups.append(set())
        elif token.text == "}" and len(groups) > 1:
            inner = groups.pop()
            groups[-1] |= inner
        elif token.kind == "variable":
            binds = read[i - 1].text.upper() == "AS" and len(groups) > 1 if i else False
            if binds and _name(token) in groups[-1] and _opens_bind(read, i):
                said = f"BIND is overriding an existing variable: {token.text} is bound before"
                return token, said
            groups[-1].add(_name(token))
    return None


def _opens_bind(read: list[Token], at: int) -> bool:
    """Whether the bracket around a token is that of a BIND."""
    depth = 0
    for k in range(at, 0, -1):
        depth += (read[k].text == ")") - (read[k].text == "(")
        if depth < 0:
            return read[k - 1].text.upper() == "BIND"
    return False


def _function_fault(read: list[Token]) -> Fault | None:
    """A function that there is not, or an aggregate where there is nothing to sum up."""
    filtered = 0
    for before, token, after in zip([None, *read], read, read[1:], strict=False):
        word = token.text.upper()
        if word in {"FILTER", "BIND"} and token.kind == "word":
            filtered = 1
        elif filtered and token.kind == "mark":
            filtered += (token.text == "(") - (token.text == ")")
            filtered = 0 if filtered == 1 and token.text == ")" else filtered
        if token.kind != "word" or after.text != "(" or (before and before.text.startswith("@")):
            continue
        if filtered and word in _AGGREGATES:
            said = f"{word} is an aggregate, which belongs into SELECT, HAVING or ORDER BY"
            return token, f"Unexpected aggregate: {said}"
        if word not in _FUNCTIONS | _AGGREGATES | _BEFORE:
            meant = near(word, sorted(_FUNCTIONS | _AGGREGATES))
            hint = f"; did you mean {' or '.join(meant)}?" if meant else ""
            return token, f"there is no function {token.text}{hint}"
    return None


def _iri_fault(read: list[Token]) -> Fault | None:
    """An IRI that is relative to nothing."""
    for before, token in itertools.pairwise(read):
        whole = re.match(r"<[A-Za-z][A-Za-z0-9+.-]*:", token.text)
        if whole and before.text.upper() == "BASE":
            return None
        if token.kind == "iri" and not whole:
            return token, f"IRI parsing failed: {token.text} is relative, and there is no BASE"
    return None


def _by_position(query: str, said: str, reasons: list[str], file: str) -> ParseFailure:
    place = re.search(r"(\d+):(\d+)", said)
    if not place:
        return ParseFailure(file, f"not well-formed SPARQL: {said}")
    line, column = int(place[1]), int(place[2])
    # The engine takes as many letters as a keyword has before it compares: it looked that far.
    column = max(1, column - max(map(len, _KEYWORD.findall(said)), default=0))
    lines = query.splitlines() or [""]
    rest = lines[line - 1][column - 1 :].strip() if line <= len(lines) else ""
    where = f"near {rest[:30]!r}" if rest else "at the end of the line"
    why = f": {_lowered(reasons[0])}" if reasons else ""
    return ParseFailure(file, f"column {column}: not well-formed SPARQL {where}{why}", line)


def _name(variable: Token) -> str:
    return variable.text[1:]


def _lowered(reason: str) -> str:
    return reason[0].lower() + reason[1:] if reason.startswith("The ") else reason
