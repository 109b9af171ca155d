"""Orders with their line items into a log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from customerops.errors import InvalidInputError
from customerops.model.intake.columns import coded, event_ids, id_faults, labelled
from customerops.model.intake.faults import Fault, Faults
from customerops.model.intake.frames import raw
from customerops.model.intake.intake import Intake, const, pick_columns
from customerops.model.intake.numbers import ROUNDINGS, Places, fixed_point
from customerops.model.intake.raw import Converted, Raw
from customerops.model.log.frames import Request, log_of_intake, take, wanted_columns
from customerops.model.log.joins import factorize_ids
from customerops.model.log.log import InteractionLog, locked
from customerops.model.log.make import without_events, without_rows
from customerops.model.log.records import QUANTITY_DECIMALS
from customerops.model.values import exact
from customerops.model.values.checks import one_of
from customerops.model.values.columns import Column, Ids, Numbers
from customerops.model.values.lines import Lines

__all__ = ["LineColumns", "log_of_orders"]

PER_QUANTITY = 10**QUANTITY_DECIMALS


@attrs.frozen
class LineColumns:
    """Which columns of the lines hold what."""

    order_id: str
    sku: str
    category: str | None
    quantity: str | None
    unit_price: str | None


def log_of_orders(
    orders: Any,
    lines: Any,
    main: Mapping[str, Any],
    names: LineColumns,
    *,
    attributes: Collection[str] | Mapping[str, Any],
    request: Request,
) -> InteractionLog:
    """Build a log of orders with their line items."""
    if "id" in request.options:
        raise InvalidInputError("id", "must be left out", "the order id is the event's id")
    main = {**main, "kind": const("purchase") if main["kind"] is None else main["kind"]}
    picked = pick_columns(orders, wanted_columns(main, attributes, request.options))
    rounding = request.options.get("rounding")  # of line amounts, where orders have none
    if rounding is not None:
        one_of("rounding", rounding, ROUNDINGS)
    taken = take(picked, request if "amount" in picked else request.without("rounding"))
    if names.unit_price is not None and taken.currency is None:
        raise InvalidInputError("currency", "must be given with unit_price=", "an ISO 4217 code")
    given = _given(lines, names)
    order = _order_of(given["order_id"], raw("order_id", picked["id"]), taken)

    aside = Faults(request.options.get("invalid", "raise"), len(taken.at), taken.rows)
    aside.check("order_id", [Fault("repeated", "must not repeat", _repeated(taken))])
    columns = _columns(given, order, taken, request, aside)
    made = _csr(columns, order, ~aside.faulty)
    if "amount" not in taken.columns and names.unit_price is not None:
        amount, uneven, wide = _amounts(made, rounding)
        unit = "must come out in minor units"
        faults = [
            Fault("of the lines needs more decimals", unit, uneven, "rounding= rounds"),
            Fault("of the lines too large", "must fit 64 bits in minor units", wide),
        ]
        aside.check("amount", faults)
        taken = attrs.evolve(taken, columns={**taken.columns, "amount": amount})
    with_rows = attrs.evolve(request, options={**request.options, "row": True})
    log = log_of_intake(taken, with_rows, lines=made)
    if aside.any:
        rejected = aside.rejected()
        drop = np.isin(log.numbers("row").values, rejected.rows)
        log = attrs.evolve(without_events(log, drop), rejected=log.rejected.join(rejected))
    return log if request.options.get("row", False) else without_rows(log)


def _given(lines: Any, names: LineColumns) -> dict[str, Raw]:
    """Return the columns of the lines, all of one length."""
    named = {name: x for name, x in attrs.asdict(names).items() if x is not None}
    given = {name: raw(name, x) for name, x in pick_columns(lines, named).items()}
    n = len(given["order_id"])
    for name, column in given.items():
        if len(column) != n:
            problem = f"got {len(column)} and {n} rows"
            raise InvalidInputError(name, "must be as long as order_id", problem)
    return given


def _order_of(of_line: Raw, of_order: Raw, taken: Intake) -> NDArray[np.int64]:
    """Return the place of each line's order among the accepted ones; -1: it was set aside."""
    column = taken.columns["id"]
    assert isinstance(column, Ids)
    n = len(of_line)
    faults = Faults("raise", n)
    faults.check("order_id", [Fault("missing", "must be given on every line", of_line.gone())])
    faults.check("order_id", id_faults(of_line))
    ids = event_ids(of_line).values
    known, place = _places(column.values, ids)
    if len(taken.rejected) and not known.all():
        # lines of orders that were set aside go with them
        read = of_order
        bad = read.gone()
        for fault in id_faults(read):
            bad = bad | fault.rows
        known |= _places(event_ids(read.keep(np.flatnonzero(~bad))).values, ids)[0]
    orphan = Fault("unknown", "must be the id of an order on every line", ~known)
    faults.check("order_id", [orphan])
    return place


def _places(
    ids: NDArray[Any], wanted: NDArray[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which of the wanted ids are there, and the first place of each, else -1."""
    codes, unique = factorize_ids(np.concatenate([ids.astype(object), wanted.astype(object)]))
    first = np.full(len(unique), -1, np.int64)
    own = codes[: len(ids)]
    first[own[::-1]] = np.arange(len(ids))[::-1]
    place = first[codes[len(ids) :]]
    return place >= 0, place


def _repeated(taken: Intake) -> NDArray[np.bool_]:
    """Return the orders whose id came before."""
    column = taken.columns["id"]
    assert isinstance(column, Ids)
    _, place = _places(column.values, column.values)
    return np.not_equal(place, np.arange(len(place)))


def _columns(
    given: Mapping[str, Raw],
    order: NDArray[np.int64],
    taken: Intake,
    request: Request,
    aside: Faults,
) -> dict[str, Any]:
    """Return the checked columns of the lines; an order with a line at fault is at fault."""
    rounding = request.options.get("rounding")
    made: dict[str, Any] = {"sku": labelled(given["sku"], "text")}
    if "category" in given:
        made["category"] = labelled(given["category"], "text")
    if "quantity" in given:
        made["quantity"] = fixed_point(given["quantity"], Places(QUANTITY_DECIMALS))
    if "unit_price" in given:
        made["unit_price"] = fixed_point(given["unit_price"], Places(taken.decimals, rounding))
    one_by_one = Faults("raise", len(order))
    required = [name for name in ("sku", "quantity") if name in given]
    for name, column in made.items():
        faults = list(column.faults)
        if name in required:
            faults.insert(0, Fault("missing", "must be given on every line", given[name].gone()))
        if request.options.get("invalid", "raise") == "raise":
            one_by_one.check(name, faults)
        for fault in faults:
            rows = np.zeros(len(taken.at), np.bool_)
            rows[order[fault.rows & (order >= 0)]] = True
            aside.check(f"{name} of a line", [attrs.evolve(fault, rows=rows)])
    return made


def _csr(columns: Mapping[str, Any], order: NDArray[np.int64], good: NDArray[np.bool_]) -> Lines:
    """Return the lines of the good orders, in the order of the orders."""
    keep = np.flatnonzero((order >= 0) & np.append(good, False)[order])
    rows = keep[np.argsort(order[keep], kind="stable")]
    counts = np.bincount(order[rows], minlength=len(good))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    out: dict[str, Column] = {}
    for name, column in columns.items():
        taken = column.keep(rows)
        if isinstance(column, Converted):
            valid = None if taken.missing is None else locked(~taken.missing)
            out[name] = Numbers(locked(taken.values), valid)
        else:
            out[name] = coded(taken)
    if "quantity" not in out:
        out["quantity"] = Numbers(locked(np.full(len(rows), PER_QUANTITY, np.int64)))
    return Lines(locked(offsets), out, QUANTITY_DECIMALS)


def _amounts(
    lines: Lines, rounding: str | None
) -> tuple[Numbers, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return quantity times price summed by order, where it is no minor unit, and where too large.

    An order without lines, or with a line without a price, has no amount.
    """
    n = len(lines.offsets) - 1
    counts = np.diff(lines.offsets)
    order = np.repeat(np.arange(n), counts)
    quantity, price = lines.columns["quantity"], lines.columns["unit_price"]
    assert isinstance(quantity, Numbers)
    assert isinstance(price, Numbers)
    known = counts > 0
    if price.valid is not None:
        known = known.copy()
        known[order[~price.valid]] = False
    total = exact.group_dot(order, quantity.values, price.values, n)
    whole, rest = total // PER_QUANTITY, total % PER_QUANTITY
    uneven = known & np.not_equal(rest, 0)
    for i in np.flatnonzero(uneven).tolist() if rounding is not None else ():
        units = Decimal(int(total[i])) / PER_QUANTITY
        whole[i] = int(units.quantize(Decimal(1), rounding=rounding))
    wide = known & (np.abs(whole) >= 2**63)
    if rounding is not None:
        uneven = np.zeros(n, np.bool_)
    values = np.where(known & ~uneven & ~wide, whole, 0).astype(np.int64)
    return Numbers(locked(values), None if known.all() else locked(known)), uneven, wide
