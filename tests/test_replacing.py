"""What is written appears whole or not at all, wherever it is to go."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from foedus.errors import InputError
from foedus.replacing import alone, replacing


def put(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_is_replaced_only_when_all_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out.nt"
    out.write_text("old")
    out.chmod(0o600)
    with pytest.raises(ZeroDivisionError), replacing(out) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert out.read_text() == "old"
    put(out)
    assert out.read_text() == "new"
    assert out.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["out.nt"]


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
def test_a_link_is_followed(there: bool, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    target, link = tmp_path / "else" / "target", tmp_path / "link"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    put(link)
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    put(tmp_path / "pipe")
    reader.join(10)
    assert got == [b"new"]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_goes_on_where_it_is(name: str, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from foedus.replacing import replacing; print('before')\n"
        f"with replacing(Path({name!r})) as file: file.write(b'new\\n')\n"
        "print('after')"
    )
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, timeout=60)
    assert (tmp_path / "out").read_text() == "before\nnew\nafter\n"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is a folder; name a file"),
        ("none/out.nt", "cannot be written: No such file"),
        ("file/out.nt", "cannot be written: Not a directory"),
        ("x" * 300, "cannot be written: File name too long"),
    ],
)
def test_a_place_that_takes_no_file_is_told(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=says):
        put(tmp_path / name)
    assert names(tmp_path) == ["file"]


def test_a_name_as_long_as_can_be_is_written(tmp_path: Path) -> None:
    put(tmp_path / ("é" * 127))
    assert names(tmp_path) == ["é" * 127]


def test_a_mounted_file_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    (tmp_path / "out").write_text("something longer")
    monkeypatch.setattr(Path, "replace", busy)
    put(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path; from foedus.replacing import replacing\n"
        "with replacing(Path('out.nt')) as file: os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=60, check=False)
    assert len(names(tmp_path)) == 1
    for mine in (".out.nt.mine", "out.nt.part", ".other.12345678.part"):
        (tmp_path / mine).touch()
    with replacing(tmp_path / "out.nt"):
        put(tmp_path / "out.nt")  # by another at the same time
        assert len(names(tmp_path)) == 5
    assert names(tmp_path) == [".other.12345678.part", ".out.nt.mine", "out.nt", "out.nt.part"]


def test_two_are_never_alone_in_a_folder(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with alone(tmp_path) as locked:
            assert locked
            entered.set()

    with alone(tmp_path):
        other = threading.Thread(target=enter)
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    other.join()
