"""What goes to a worker and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foedus.server.negotiation import Form, choose
from foedus.server.protocol import Pairs, Query, Refused


@dataclass(frozen=True, slots=True)
class Call:
    """A request: which handler it is for, and what a handler may want to know of it.

    ``base`` is the address of the site, with a slash at its end; ``name`` is what the address says
    behind the part that chose the handler; ``packed`` is whether the reply may be compressed.
    """

    kind: str
    base: str
    name: str = ""
    values: Pairs = ()
    accept: str = ""
    query: Query | None = None
    packed: bool = False

    def choose(self, *forms: Form) -> Form:
        """The form that the client likes best; raises `Refused` where it takes none of them."""
        found = choose(self.accept, forms)
        if found is None:
            known = ", ".join(dict.fromkeys(form.types[0] for form in forms))
            raise Refused(406, f"this is not to be had as {self.accept}; there are {known}")
        return found

    def prefers(self, form: Form, *others: Form) -> bool:
        """Whether the client likes this form better than all the others."""
        found = choose(self.accept, (*others, form))
        return found is not None and found.name == form.name


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: complete before its first byte is sent."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer: the status, a sentence, and the line that it is about."""

    status: int
    detail: str
    line: int | None = None
