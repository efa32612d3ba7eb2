"""`python -m tests.mutants.anew FILE COPY TEST…`: these tests in a process that imports FILE as COPY has it.

For what a module does once, when it is imported: in a fork of a process that has imported it already, no fault tells.
"""

import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from tests.mutants.warm import OPTIONS


class _Copy(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.get_filename(fullname), "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, file: str, text: str) -> None:
        self._name, self._file, self._text = file.removesuffix(".py").replace("/", "."), file, text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        where = str(Path(self._file).resolve())
        return importlib.util.spec_from_file_location(
            fullname, where, loader=_Copy(fullname, where, self._text)
        )


if __name__ == "__main__":
    changed, copy, *tests = sys.argv[1:]
    sys.meta_path.insert(0, _Finder(changed, Path(copy).read_text()))
    sys.exit(pytest.main([*OPTIONS, "-x", *tests]))
