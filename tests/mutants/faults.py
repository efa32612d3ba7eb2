"""The faults: `handlers/` and `moderation/` with one thing changed, as mutmut would change it, in memory.

A fault is put into a process by giving one function another code, so everything that holds the function has it at once.
"""

import ast
import functools
import gc
import importlib
import random
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst
from mutmut.mutation.file_mutation import Mutation, create_mutations

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("handlers", "moderation")


@dataclass(frozen=True)
class Fault:
    file: str
    function: str
    """Its qualified name."""
    number: int
    """Among the faults of this function, in mutmut's order."""
    source: str
    """The whole file with the fault in it."""

    @property
    def name(self) -> str:
        return f"{self.file}:{self.function}#{self.number}"

    @property
    def lines(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines that are gone, and those that took their place."""
        before, after = (REPOSITORY / self.file).read_text().splitlines(), self.source.splitlines()
        while before and after and before[0] == after[0]:
            before, after = before[1:], after[1:]
        while before and after and before[-1] == after[-1]:
            before, after = before[:-1], after[:-1]
        return tuple(map(str.strip, before)), tuple(map(str.strip, after))


def files() -> Iterator[str]:
    for package in PACKAGES:
        yield from (
            str(path.relative_to(REPOSITORY)) for path in sorted((REPOSITORY / package).rglob("*.py"))
        )


def drawn(sample: int, seed: int) -> list[Fault]:
    """A sample of all faults, the same for the same seed and code."""
    places = [(file, number) for file in files() for number in range(len(_mutations(file)[1]))]
    chosen = random.Random(seed).sample(places, min(sample, len(places)))  # noqa: S311  (a sample, not a secret)
    return [_fault(file, number) for file, number in chosen]


@functools.cache
def _mutations(file: str) -> tuple[libcst.Module, Sequence[Mutation], dict[libcst.FunctionDef, str]]:
    module, found, _, _ = create_mutations(file, (REPOSITORY / file).read_text())
    names: dict[libcst.FunctionDef, str] = {}
    for statement in module.body:
        if isinstance(statement, libcst.FunctionDef):
            names[statement] = statement.name.value
        elif isinstance(statement, libcst.ClassDef) and isinstance(statement.body, libcst.IndentedBlock):
            for method in statement.body.body:
                if isinstance(method, libcst.FunctionDef):
                    names[method] = f"{statement.name.value}.{method.name.value}"
    inside = [one for one in found if one.contained_by_top_level_function in names]
    return module, inside, names


def _fault(file: str, number: int) -> Fault:
    module, found, names = _mutations(file)
    one = found[number]
    function = one.contained_by_top_level_function
    assert function is not None
    before = sum(other.contained_by_top_level_function is function for other in found[:number])
    mutated = module.deep_replace(one.original_node, one.mutated_node)
    assert isinstance(mutated, libcst.Module)
    return Fault(file, names[function], before + 1, mutated.code)


def put_in(fault: Fault) -> None:
    """Into this process, for as long as it lives."""
    module = importlib.import_module(fault.file.removesuffix(".py").replace("/", "."))
    owner: object = module
    for part in fault.function.split("."):
        owner = vars(owner)[part]
    function = owner.__func__ if isinstance(owner, staticmethod | classmethod) else owner
    assert isinstance(function, types.FunctionType), fault.name
    function.__code__ = _code(compile(fault.source, function.__code__.co_filename, "exec"), fault.function)
    _give_defaults(function, fault, vars(module))
    forget_answers()


def _code(of: types.CodeType, qualified: str) -> types.CodeType:
    for constant in of.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_qualname == qualified:
                return constant
            if qualified.startswith(f"{constant.co_qualname}."):
                return _code(constant, qualified)
    raise LookupError(qualified)


def _give_defaults(function: types.FunctionType, fault: Fault, names: dict[str, object]) -> None:
    body: Sequence[ast.stmt] = ast.parse(fault.source).body
    for part in fault.function.split("."):
        (found,) = (
            one
            for one in body
            if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and one.name == part
        )
        body = found.body
    assert isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)

    def value(node: ast.expr) -> object:
        return eval(compile(ast.Expression(node), "default", "eval"), names)  # noqa: S307  (our own source)

    function.__defaults__ = tuple(map(value, found.args.defaults)) or None
    function.__kwdefaults__ = {
        name.arg: value(node)
        for name, node in zip(found.args.kwonlyargs, found.args.kw_defaults, strict=True)
        if node is not None
    } or None


def forget_answers() -> None:
    """What functions of ours have remembered was answered without the fault."""
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.split(".")[0] in PACKAGES:
            one.cache_clear()
