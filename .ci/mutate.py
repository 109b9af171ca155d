"""Break a module in every small way and report the breakages that its tests do not notice.

    python .ci/mutate.py model.values.money [--tests PATH ...] [--every N] [--workers N]

Each mutant is one small change: a comparison moved by one, an operator or a truth value swapped, a
constant or a message altered, a statement dropped. The tests that mirror the module run on a copy
of the package, with the same random draws each time, and should fail. A mutant that lives is a
missing test, or a line that does nothing.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# fmt: off
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.And: ast.Or, ast.Or: ast.And,
}
# fmt: on


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what can stand in the place of a node."""
    match node:
        case ast.Compare(left, operators, operands):
            for i, operator in enumerate(operators):
                moved = [*operators[:i], COMPARISONS[type(operator)](), *operators[i + 1 :]]
                yield ast.Compare(left, moved, operands)
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)
        case ast.AugAssign(target, operator, value) if type(operator) in OPERATORS:
            yield ast.AugAssign(target, OPERATORS[type(operator)](), value)
        case ast.BoolOp(operator, operands):
            yield ast.BoolOp(OPERATORS[type(operator)](), operands)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Constant(bool(truth)):
            yield ast.Constant(not truth)
        case ast.Constant(int(number) | float(number)):
            yield ast.Constant(number + 1)
        case ast.Constant(str(text)):
            yield ast.Constant(f"{text}~")
        case ast.Raise() | ast.Continue() | ast.Break() | ast.Expr(ast.Call()):
            yield ast.Pass()


def slots(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield every place below a node that is run: its holder, field, index and what stands there."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns") or (isinstance(node, ast.Assign) and is_all(node)):
            continue
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or is_docstring(child) or is_type_checking(child):
                continue
            yield node, field, i, child
            yield from slots(child)


def is_all(node: ast.Assign) -> bool:
    return any(isinstance(x, ast.Name) and x.id == "__all__" for x in node.targets)


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, what changed, and the whole source of every mutant."""
    tree = ast.parse(source)
    for holder, field, i, child in list(slots(tree)):
        for changed in changes(child):
            put(holder, field, i, changed)
            what = f"{brief(child)}  ->  {brief(changed)}"
            yield getattr(child, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(tree))
            put(holder, field, i, child)


def brief(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def put(holder: ast.AST, field: str, i: int | None, node: ast.AST) -> None:
    if i is None:
        setattr(holder, field, node)
    else:
        getattr(holder, field)[i] = node


def run(src: Path, tests: list[str], limit: float | None) -> bool:
    """Whether the tests pass on the package in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    environment = {
        **os.environ,
        "CI": "true",
        "PYTHONPATH": str(src),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode > 1:  # nothing collected, or not importable: for a mutant that is a failure
        return False
    return done.returncode == 0


def main() -> int:
    """Run the mutants of a module and print those that live."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", help="as in model.values.money")
    parser.add_argument("--tests", nargs="*", help="left out: those that mirror the module")
    parser.add_argument("--every", type=int, default=1, help="run only every n-th mutant")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    path = Path("customerops", *asked.module.split(".")).with_suffix(".py")
    mirrors = (ROOT / "tests" / path.relative_to("customerops")).parent
    tests = asked.tests or [
        str(p) for p in sorted(mirrors.glob(f"test_{path.stem.strip('_')}*.py"))
    ]
    if not tests:
        parser.error(f"no tests mirror {asked.module}: name them by --tests")
    found = list(mutants((ROOT / "src" / path).read_text(encoding="utf-8")))[:: asked.every]
    with tempfile.TemporaryDirectory() as folder:
        free: Queue[Path] = Queue()
        for i in range(asked.workers):
            shutil.copytree(ROOT / "src", Path(folder, str(i)))
            free.put(Path(folder, str(i)))
        begin = time.monotonic()
        if not run(Path(folder, "0"), tests, None):
            parser.error("the tests fail before anything is changed")
        limit = 10 + 5 * (time.monotonic() - begin)

        def lives(mutant: tuple[int, str, str]) -> bool:
            src = free.get()
            original = (src / path).read_text(encoding="utf-8")
            (src / path).write_text(mutant[2], encoding="utf-8")
            try:
                return run(src, tests, limit)
            finally:
                (src / path).write_text(original, encoding="utf-8")
                free.put(src)

        with ThreadPoolExecutor(asked.workers) as pool:
            alive = [
                mutant
                for mutant, lived in zip(found, pool.map(lives, found), strict=True)
                if lived
            ]
    lines = (ROOT / "src" / path).read_text(encoding="utf-8").splitlines()
    for line, what, _ in alive:
        print(f"src/{path}:{line}: {what}\n    {lines[line - 1].strip()}")
    print(f"{len(found)} mutants of {asked.module}, {len(alive)} live")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main())
