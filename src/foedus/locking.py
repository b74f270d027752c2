"""One thread at a time: methods and lazy values that hold the ``_lock`` of their object.

The lock is a ``threading.RLock``: a thread that holds it may take it again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def locked(method: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """The method, holding the lock of its object while it runs."""

    @wraps(method)
    def held(self: Any, /, *args: P.args, **more: P.kwargs) -> T:
        with self._lock:
            return method(self, *args, **more)

    return held


if TYPE_CHECKING:
    once = cached_property
else:

    class once(cached_property):
        """A `functools.cached_property` that is worked out once, however many threads ask for it.

        The one of the standard library promises that no more, as of Python 3.12. There is one lock
        for all values of an object, since one may need another.
        """

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            with instance._lock:
                return super().__get__(instance, owner)
