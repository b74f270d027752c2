"""The command line: thin edges over the library, one verb for each call."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, NoReturn

import typer

from foedus.cli.common import SETTINGS, say
from foedus.errors import FoedusError
from foedus.safe_text import printable
from foedus.version import __version__

#: Module with a ``register(app)`` -> the verbs that it brings, in the order of the help.
MODULES = {
    "tour": ("tour",),
    "verbs": ("build", "ask", "query", "check"),
    "export": ("export",),
    "why": ("why",),
    "whatif": ("what-if",),
    "report": ("report",),
    "reason": ("reason", "rules"),
    "load": ("load",),
    "serve": ("serve",),
}


def _version(wanted: bool) -> None:
    if wanted:
        print(f"foedus {__version__}")
        raise typer.Exit


def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Anywhere: results as JSON, an error as one JSON line.")
    ] = False,
) -> None:
    """States, leaders, alliances and treaties from an article: answers with proof and words.

    \b
    Start with:
      foedus tour                          what it reads, derives and answers
      foedus ask                           the questions it knows
      foedus ask allies-of state=DPRK      an answer
    """


def program(verb: str | None = None) -> typer.Typer:
    """The command line; for one known verb only that verb's module is loaded."""
    app = typer.Typer(
        name="foedus",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 fine, 1 findings, 2 usage, 3 bad input or unreachable store.",
    )
    app.callback()(main)
    wanted = [name for name, brings in MODULES.items() if verb in brings] or MODULES
    for name in wanted:
        if find_spec(f"foedus.cli.{name}"):
            import_module(f"foedus.cli.{name}").register(app)
    return app


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its documented code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    ends = words.index("--") if "--" in words else len(words)
    if "--json" in words[:ends]:
        words.remove("--json")
        SETTINGS.json = True
    _open_streams()
    if os.path.expanduser("~") == "~":  # noqa: PTH111  (Path's raises, as libraries then do)
        os.environ["HOME"] = os.sep
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names in any script, whatever the locale
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(_run(words))


def _open_streams() -> None:
    """Take the numbers of closed standard streams, so that no file that is opened gets them.

    Writing to a closed standard output fails, and writing to a closed standard error does nothing.
    """
    for number, how in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, how)  # gets the lowest free number, which is this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _run(words: list[str]) -> int:
    # Typer may bring click inside itself, so its errors are reached by its own name for them.
    usage: Any = typer.BadParameter.__mro__[1]
    try:
        app = program(words[0] if words else None)
        code = app(words, standalone_mode=False, prog_name="foedus")
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except FoedusError as error:
        return _fail(error, str(error), error.exit_code)
    except usage as error:
        verb = error.ctx.command_path if error.ctx else "foedus"
        told = error.format_message().rstrip(".")
        if "extra argument" in told:
            told += ": a name of several words needs quotes"
        return _fail(error, f"{told}. Try '{verb} --help'.", 2)
    except UnicodeEncodeError as error:  # bytes that are not UTF-8 are lone surrogates here
        wrong = [word for word in words if re.search("[\ud800-\udfff]", word)]
        if not wrong:
            raise
        return _fail(error, f"'{wrong[0]}' is not UTF-8 text", 2)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        return _drop_output(0)
    except SystemExit as end:  # by which Typer ends where a pipe breaks
        if isinstance(end.__context__, BrokenPipeError):
            return _drop_output(0)
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else "the output cannot be written: "
        return _drop_output(_fail(error, f"{place}{error.strerror or error}", 3))
    except (KeyboardInterrupt, typer.Abort):
        return _fail(None, "stopped", 130)


def _drop_output(code: int) -> int:
    """Let what is still to be printed go nowhere; Python would fail on it at the end."""
    with suppress(OSError, ValueError):  # a stream without a number, as in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _fail(error: Exception | None, message: str, code: int) -> int:
    said = " ".join(message.split())
    if SETTINGS.json:
        body = {"error": type(error).__name__, "message": said, "exit_code": code}
        said = json.dumps(body)
    else:
        said = f"foedus: {printable(said)}"
    say(said)
    return code
