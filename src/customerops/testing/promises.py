"""The promises of a function of a log, each a check of one function on data that is given.

``run`` asks the function about data; what it is asked, and how, is bound in it.
"""

from __future__ import annotations

import itertools
import pickle
import re
from collections.abc import Callable, Sequence
from typing import Any

from customerops.testing.sameness import hold, labels, same, snapshot, view, views, writable
from customerops.testing.watching import process_state, silent, watching

__all__ = [
    "adds",
    "as_of",
    "deterministic",
    "labelled",
    "neutral",
    "pickles",
    "shows",
    "touches_nothing",
    "unmutated",
]

Run = Callable[[Any], Any]


def adds(run: Run, whole: Any, parts: Sequence[Any]) -> None:
    """Add over disjoint customers, each part built from raw records, in any order."""
    a, b, c = map(run, parts)
    all_of_it = run(whole)
    for x, y, z in itertools.permutations((a, b, c)):
        hold(same(_sum(_sum(x, y), z), all_of_it), "the parts do not add up to the whole")
        hold(same(_sum(x, _sum(y, z)), all_of_it), "addition is not associative")
    total = _sum(_sum(_sum(0, a), b), c)
    hold(same(total, all_of_it), "sum() does not add the parts up")
    joined = run(parts[0].union(parts[1]))
    hold(same(joined, _sum(a, b)), "f(a.union(b)) is not f(a) + f(b)")


def _sum(a: Any, b: Any) -> Any:
    try:
        return a + b
    except TypeError:
        what = f"{type(a).__name__} and {type(b).__name__}"
        raise AssertionError(f"results cannot be added: {what} have no sum") from None


def neutral(run: Run, whole: Any, nobody: Any) -> None:
    """Leave a result as it is when nobody's result is added."""
    empty, result = run(nobody), run(whole)
    hold(same(_sum(empty, result), result), "the result of no data + r is not r")
    hold(same(_sum(result, empty), result), "r + the result of no data is not r")
    hold(same(_sum(0, result), result), "0 + r is not r")
    hold(same(_sum(empty, empty), empty), "nothing and nothing is something")


def labelled(run: Run, whole: Any, parts: Sequence[Any]) -> None:
    """Have the labels of the parts, joined, on every axis: sorted, each once."""
    own = [labels(run(part)) for part in parts]
    for axis, keys in labels(run(whole)).items():
        hold(keys == sorted(set(keys)), f"axis {axis} is not sorted, or repeats a label")
        joined = sorted({key for part in own for key in part[axis]})
        hold(keys == joined, f"axis {axis} of the whole has not the labels of its parts")


def as_of(run: Run, full: Any, known: Any, *, until: Run | None = None) -> None:
    """Use nothing after the instant, however it is given."""
    result = run(full)
    hold(same(result, run(known)), "later records change the result")
    if until is not None:
        hold(same(result, until(full)), "until() gives another result")
        hold(same(result, until(known)), "later records show after until()")


def unmutated(run: Run, data: Any, options: Any) -> None:
    """Leave the data, its flags, the options and the process as they were."""
    before = snapshot(data), snapshot(options), process_state()
    hold(not writable(before[0]), "an array of the input can be written to")
    run(data)
    for what, was, given in zip(("data", "options"), before, (data, options), strict=False):
        hold(was == snapshot(given), f"the call changed the {what}")
    changed = [name for name, now in process_state().items() if now != before[2][name]]
    hold(not changed, f"the call changed the process: {', '.join(changed)}")


def deterministic(run: Run, data: Any, again: Any, regrouped: Any = None) -> None:
    """Give the same again: on the same data, on data built again, on customers in another order."""
    first = run(data)
    hold(same(first, run(data)), "a second call gives another result")
    hold(same(first, run(again)), "data built again gives another")
    if regrouped is not None:
        hold(same(first, run(regrouped)), "the order of the customers in the input shows")


def touches_nothing(run: Run, data: Any) -> None:
    """Open nothing, connect to nothing, print nothing; loading a module is allowed."""
    with silent() as printed, watching() as seen:
        run(data)
    hold(not printed.getvalue(), f"the call printed {printed.getvalue()[:80]!r}")
    hold(not seen, f"the call reached out of the process: {seen[:3]}")


def pickles(run: Run, data: Any) -> None:
    """Come back from pickling equal, and show the same."""
    result = run(data)
    back = pickle.loads(pickle.dumps(result))  # noqa: S301 - written on the same line
    hold(same(back, result), "a pickled result comes back different")
    for (name, was), (_, now) in zip(views(result), views(back), strict=True):
        hold(snapshot(was) == snapshot(now), f"{name} of a pickled result is different")


def shows(run: Run, data: Any) -> None:
    """Show every view of any result, the same each time, and stay equal to itself."""
    result = run(data)
    kept = pickle.loads(pickle.dumps(result))  # noqa: S301 - written on the same line
    for name, value in views(result):
        again = view(result, name)
        hold(snapshot(value) == snapshot(again), f"{name} differs when asked again")
    hold(same(result, kept), "a view changed the result")
    html = getattr(result, "_repr_html_", str)()
    hold(not re.search(r">\s*(nan|none|nat)\s*<", html.lower()), "a table for people shows nan")
