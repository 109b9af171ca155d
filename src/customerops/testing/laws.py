"""Laws for metrics of one's own: they add, they see nothing after `as_of`, they are pure."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyFailure
from hypothesis.strategies import SearchStrategy

from customerops.errors import InvalidInputError
from customerops.model.log.log import InteractionLog
from customerops.model.values.instants import from_us
from customerops.testing import promises
from customerops.testing.log_draws import logs
from customerops.testing.partitions import known, nobody, places_of, rebuilt, regrouped, thirds
from customerops.testing.watching import restored

__all__ = ["assert_adds", "assert_as_of", "assert_pure"]

Check = Callable[[InteractionLog], None]

_MOMENTS = 6
"""At how many instants of a log `assert_as_of` looks."""


def assert_adds(
    f: Callable[..., Any],
    log: InteractionLog | None = None,
    *,
    strategy: SearchStrategy[InteractionLog] | None = None,
    max_examples: int | None = None,
    **options: Any,
) -> None:
    """Assert that a metric of the whole is the sum of the metric of its parts.

    A log is dealt to three partitions by customer, each built anew from its own records; then
    ``f(a) + f(b) + f(c) == f(whole)`` in every order, ``sum(...)`` gives the same, the result of an
    empty log changes nothing, and the labels of every axis are those of the parts together. A
    metric of which this holds can be computed on a cluster, and updated day by day.

    Parameters
    ----------
    f : callable (log, **options) -> result
        The metric.
    log : InteractionLog, optional
        One log to look at, as `hypothesis` draws it into a test; left out, logs are drawn here.
    strategy : SearchStrategy of InteractionLog, optional
        What to draw; left out, `logs`.
    max_examples : int, optional
        How many to draw; left out, as hypothesis is set.
    **options
        Options of the metric. One that must be told ``as_of`` is told the log's own.

    Raises
    ------
    AssertionError
        Saying what does not hold, on the smallest log found, with its events and the results.
    InvalidInputError
        If both a log and what to draw are given.

    Examples
    --------
    >>> from customerops.testing import assert_adds
    >>> assert_adds(len, max_examples=5)
    >>> from customerops import metrics
    >>> assert_adds(metrics.average_order_value, period="quarter", max_examples=3)
    """

    def run(data: Any) -> Any:
        return f(data, **{**_at_the_end(f, data), **options})

    def check(one: InteractionLog) -> None:
        parts = thirds(one)
        promises.adds(run, one, parts)
        promises.neutral(run, one, nobody(one))
        promises.labelled(run, one, parts)

    def shown(one: InteractionLog) -> str:
        parts = [f"of part {i}: {_short(run(part))}" for i, part in enumerate(thirds(one), 1)]
        return "\n".join([f"of all: {_short(run(one))}", *parts])

    _assert(f, "does not add", check, log, strategy, max_examples, shown)


def assert_as_of(
    f: Callable[..., Any],
    log: InteractionLog | None = None,
    *,
    strategy: SearchStrategy[InteractionLog] | None = None,
    max_examples: int | None = None,
    **options: Any,
) -> None:
    """Assert that a metric uses nothing that happened after the instant it is asked about.

    At several instants t of a log, at events and a microsecond before them, the answer must be the
    one given by a log in which nothing happened later. A metric with an option ``as_of`` is asked
    ``f(log, as_of=t)``, and ``f(log.until(t))`` must say the same; one without is asked the latter.

    Parameters
    ----------
    f : callable (log, **options) -> result
        The metric.
    log : InteractionLog, optional
        One log to look at, as `hypothesis` draws it into a test; left out, logs are drawn here.
    strategy : SearchStrategy of InteractionLog, optional
        What to draw; left out, `logs`.
    max_examples : int, optional
        How many to draw; left out, as hypothesis is set.
    **options
        Options of the metric.

    Raises
    ------
    AssertionError
        Saying what does not hold, on the smallest log found, with its events.
    InvalidInputError
        If both a log and what to draw are given.

    Notes
    -----
    A metric without ``as_of`` that takes its last event for "now" passes: to it the log ends where
    it was cut. `assert_adds` finds it, since partitions end at different events.

    Examples
    --------
    >>> from customerops.testing import assert_as_of
    >>> def seen_by_now(log, *, as_of=None):
    ...     return int(log.at.max(initial=0))
    >>> try:
    ...     assert_as_of(seen_by_now, max_examples=50)
    ... except AssertionError as found:
    ...     print(str(found).splitlines()[0])
    seen_by_now uses what is not known yet: later records change the result
    """

    def check(one: InteractionLog) -> None:
        for t in _moments(one):
            then = known(one, t)
            run, until = _asked(f, t, options)
            promises.as_of(run, one, then, until=until)

    _assert(f, "uses what is not known yet", check, log, strategy, max_examples)


def assert_pure(
    f: Callable[..., Any],
    log: InteractionLog | None = None,
    *,
    strategy: SearchStrategy[InteractionLog] | None = None,
    max_examples: int | None = None,
    **options: Any,
) -> None:
    r"""Assert that a metric depends on its arguments alone, and changes nothing.

    The log and the options are as before; asked again, of the same log, of one built again, and of
    one whose customers came in another order, it gives an equal answer; it opens no file, no
    connection and no process, prints nothing, and leaves as they were the random states, numpy's
    error state, the warning filters and the decimal context.

    Parameters
    ----------
    f : callable (log, **options) -> result
        The metric. Results are compared by ``==``.
    log : InteractionLog, optional
        One log to look at, as `hypothesis` draws it into a test; left out, logs are drawn here.
    strategy : SearchStrategy of InteractionLog, optional
        What to draw; left out, `logs`.
    max_examples : int, optional
        How many to draw; left out, as hypothesis is set.
    **options
        Options of the metric. One that must be told ``as_of`` is told the log's own.

    Raises
    ------
    AssertionError
        Saying what does not hold, on the smallest log found, with its events.
    InvalidInputError
        If both a log and what to draw are given.

    Notes
    -----
    Loading a module is allowed, for it happens once. Reading the clock is seen only by an answer
    that differs between two calls. Files are watched by an audit hook of Python, which stays for
    the rest of the process and listens only during the call.

    Examples
    --------
    >>> from customerops.testing import assert_pure
    >>> assert_pure(len, max_examples=3)
    >>> def talkative(log):
    ...     print(len(log))
    >>> try:
    ...     assert_pure(talkative, max_examples=3)
    ... except AssertionError as found:
    ...     print(str(found)[:39])
    talkative is not pure: the call printed
    """

    def run(data: Any) -> Any:
        return f(data, **{**_at_the_end(f, data), **options})

    def check(one: InteractionLog) -> None:
        with restored():
            promises.touches_nothing(lambda x: promises.unmutated(run, x, options), one)
            promises.deterministic(run, one, rebuilt(one), regrouped(one))

    _assert(f, "is not pure", check, log, strategy, max_examples)


def _assert(
    f: Callable[..., Any],
    verdict: str,
    check: Check,
    log: InteractionLog | None,
    strategy: SearchStrategy[InteractionLog] | None,
    max_examples: int | None,
    shown: Callable[[InteractionLog], str] = lambda _: "",
) -> None:
    """Check one log, or logs that are drawn; say of the one at fault what is in it."""

    def told(one: InteractionLog, broken: AssertionError) -> AssertionError:
        name = getattr(f, "__name__", type(f).__name__)
        parts = [f"{name} {verdict}: {broken}", _events(one), shown(one)]
        return AssertionError("\n\n".join(filter(None, parts)))

    if log is not None:
        if strategy is not None or max_examples is not None:
            raise InvalidInputError("log", "must be left out where logs are drawn", "both came")
        if not isinstance(log, InteractionLog):
            raise InvalidInputError("log", "must be an InteractionLog", type(log).__name__)
        try:
            check(log)
        except AssertionError as broken:
            raise told(log, broken) from None
        return

    last: list[InteractionLog] = []  # in the end, the smallest at fault

    @settings(
        max_examples=max_examples or settings().max_examples,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(logs() if strategy is None else strategy)
    def holds(one: InteractionLog) -> None:
        last[:] = [one]
        check(one)

    try:
        holds()
    except FlakyFailure:
        again = AssertionError("asked again of the same log, the metric gives another result")
        raise told(last[0], again) from None
    except AssertionError as broken:  # without the columns of the log, which hypothesis adds
        raise told(last[0], broken) from None
    except Exception as raised:
        raised.__notes__ = [f"raised on {_events(last[0])}"]
        raise


def _needs_instant(f: Callable[..., Any]) -> bool:
    parameter = inspect.signature(f).parameters.get("as_of")
    return parameter is not None and parameter.default is parameter.empty


def _at_the_end(f: Callable[..., Any], log: InteractionLog) -> dict[str, Any]:
    """Return the log's own instant for a metric that must be told one."""
    return {"as_of": from_us(log.as_of)} if _needs_instant(f) and log.as_of is not None else {}


def _asked(
    f: Callable[..., Any], t: dt.datetime, options: dict[str, Any]
) -> tuple[Callable[[Any], Any], Callable[[Any], Any] | None]:
    """Return the ways to ask about an instant: by the option where there is one, and by until."""
    parameter = inspect.signature(f).parameters.get("as_of")
    again: dict[str, Any] = {"as_of": t} if _needs_instant(f) else {}

    def until(data: Any) -> Any:
        return f(data.until(t), **options, **again)

    def run(data: Any) -> Any:
        return f(data, as_of=t, **options)

    return (until, None) if parameter is None else (run, until)


def _moments(log: InteractionLog) -> list[dt.datetime]:
    """Return a few instants of a log: at events, just before them, and where it ends."""
    found = {us for at in log.at.tolist() for us in (at - 1, at)}
    found |= set() if log.as_of is None else {log.as_of}
    ordered = sorted(found)
    chosen = np.unique(np.linspace(0, len(ordered) - 1, _MOMENTS).round()).astype(int)
    return [from_us(ordered[i]) for i in chosen.tolist()] if ordered else []


def _events(log: InteractionLog) -> str:
    """Return the events of a log as a table, with the part that each customer goes to."""
    place = {one: p + 1 for one, p in zip(log.customers.tolist(), places_of(log), strict=True)}
    silent = int((np.diff(log.offsets) == 0).sum())
    head = f"{log!r}, {silent} of the customers without events"
    if not len(log):
        return head
    frame = log.to_frame().dropna(axis=1, how="all")
    frame.insert(0, "part", [place[one] for one in frame["customer_id"]])
    return f"{head}\n{frame.to_string(index=False)}"


def _short(result: Any) -> str:
    text = repr(result)
    return text if len(text) <= 300 else f"{text[:297]}..."
