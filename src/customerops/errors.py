"""Every error the library raises on purpose.

A message has four parts: what was given, what it must be, what came instead, and where. It never
holds a customer's id or a value of theirs, so it can go to any log. The parts are attributes too.
"""

from __future__ import annotations

__all__ = [
    "ConvergenceError",
    "CustomerOpsError",
    "InvalidInputError",
    "Late",
    "MissingDependencyError",
    "TransitionError",
]


class CustomerOpsError(Exception):
    """Base of all errors of this library."""


class InvalidInputError(CustomerOpsError, ValueError):
    """An argument, a record or a row is not what it must be.

    Parameters
    ----------
    name : str
        The argument, field or column.
    requirement : str
        What it must be, read after the name: ``"must be timezone-aware"``.
    problem : str, optional
        What came instead. Left out, it is said by `count` and `total`.
    count, total : int, optional
        How many of how many rows are at fault.
    first : int, optional
        Position of the first row at fault.

    Examples
    --------
    >>> from customerops.errors import InvalidInputError
    >>> raise InvalidInputError("at", "must be timezone-aware", count=2, total=900, first=17)
    Traceback (most recent call last):
    customerops.errors.InvalidInputError: at must be timezone-aware: 2 of 900 rows are not (first at row 17)
    """

    def __init__(
        self,
        name: str,
        requirement: str,
        problem: str = "",
        *,
        count: int | None = None,
        total: int | None = None,
        first: int | None = None,
    ) -> None:
        self.name = name
        self.requirement = requirement
        self.problem = problem
        self.count = count
        self.total = total
        self.first = first
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the four parts as one sentence."""
        text = f"{self.name} {self.requirement}"
        said = self.problem
        if self.count is not None:
            verb = "is" if self.count == 1 else "are"
            of = "" if self.total is None else f" of {self.total}"
            rows = f"{self.count}{of} rows {verb} not" if self.total != 1 else "the row is not"
            at = "" if self.first is None else f" (first at row {self.first})"
            said = f"{said}; {rows}{at}" if said else f"{rows}{at}"
        return f"{text}: {said}" if said else text

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the parts, not the sentence."""
        state = {"count": self.count, "total": self.total, "first": self.first}
        return (type(self), (self.name, self.requirement, self.problem), state)


class TransitionError(CustomerOpsError, ValueError):
    """The lifecycle machine cannot take this step."""


class Late(TransitionError):  # noqa: N818 - named by the design: the event is late, the state is not wrong
    """An event is older than the state it is applied to; replay that customer."""


class ConvergenceError(CustomerOpsError, ArithmeticError):
    """A fit ended without usable parameters; the message says why and what would help."""


class MissingDependencyError(CustomerOpsError, ImportError):
    """An optional dependency is not installed.

    Parameters
    ----------
    package : str
        The package that is missing.
    extra : str
        The extra of ``customerops`` that brings it.
    purpose : str
        What needs it.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.package = package
        self.extra = extra
        self.purpose = purpose
        super().__init__(
            f"{purpose} needs {package}, which is not installed: pip install 'customerops[{extra}]'",
            name=package,
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the parts, not the sentence."""
        return (type(self), (self.package, self.extra, self.purpose))
