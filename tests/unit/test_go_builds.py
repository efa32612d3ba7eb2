"""Programs in Go: built under the name that was asked for, or not at all, and of which sources."""

import sys
from pathlib import Path

import pytest

from bench.load_binary import digest
from local import go


def a_compiler(folder: Path, body: str) -> None:
    """Something called `go` that is alone on the PATH."""
    folder.mkdir()
    program = folder / "go"
    program.write_text(f"#!{sys.executable}\nimport os, pathlib, sys\n{body}\n")
    program.chmod(0o755)


async def test_what_was_built_lies_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    a_compiler(
        tmp_path / "bin",
        "staging = pathlib.Path(os.environ['GOBIN']); staging.mkdir()\n"
        "(staging / 'load').write_text(' '.join([os.getcwd(), *sys.argv[1:]]))",
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    source, target = tmp_path / "source", tmp_path / "cache" / "load"
    source.mkdir()
    await go.build("the load", target, ["."], takes="a moment", remedy="wait", folder=source)
    assert target.read_text() == f"{source} install -v ."
    assert list(target.parent.iterdir()) == [target]
    assert capfd.readouterr().err == "building the load, once for this machine (a moment) …\n"


async def test_what_cannot_be_built_leaves_nothing_but_the_compilers_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_compiler(tmp_path / "bin", "sys.exit('undefined: thing')")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(RuntimeError, match="the load could not be built:\n\nundefined: thing"):
        await go.build("the load", tmp_path / "cache" / "load", ["."], takes="a moment", remedy="wait")
    assert not list((tmp_path / "cache").iterdir())


async def test_without_go_and_uv_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("UV", raising=False)
    with pytest.raises(RuntimeError, match="neither is Go to build it or uv to fetch Go: install Go"):
        await go.build("the load", tmp_path / "load", ["."], takes="a moment", remedy="install Go")


def test_other_sources_are_another_program_and_other_tests_are_not(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main")
    before = digest(tmp_path)
    (tmp_path / "main_test.go").write_text("package main")
    assert digest(tmp_path) == before
    (tmp_path / "main.go").write_text("package main // changed")
    assert digest(tmp_path) != before
