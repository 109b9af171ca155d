"""纷享销客 (Fxiaoke): 线索, 客户 and 联系人 as customers, 商机 and 销售记录 as interactions.

Objects as the open API returns them, one of ``dataList`` at a time. Times are milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from customerops.errors import InvalidInputError
from customerops.model.adapters.payload import FieldMap, at, missing, reader, take
from customerops.model.adapters.records import customer_of, interaction_of, table
from customerops.model.records.kinds import Kind
from customerops.model.records.records import Customer, Interaction
from customerops.model.values.checks import Id

__all__ = ["FXIAOKE_FIELDS", "customer_from_fxiaoke", "interaction_from_fxiaoke"]

_KNOWN = (
    FieldMap(path="_id", to="id", how="id", required=True),
    FieldMap(path="create_time", to="created_at", how="millis"),
    FieldMap(path="owner", to="owner_id", how="first"),
    FieldMap(path="email", to="identifier.email"),
    FieldMap(path="tel", to="identifier.phone"),
)
_PERSON = (
    *_KNOWN,
    FieldMap(path="mobile", to="identifier.phone.2"),
    FieldMap(path="account_id", to="account_id", how="id"),
)
_DONE = (
    FieldMap(path="_id", to="id", how="id", required=True),
    FieldMap(path="owner", to="actor_id", how="first"),
    FieldMap(path="account_id", to="customer_id", how="id"),
)
_DEAL = (
    *_DONE,
    FieldMap(path="_id", to="thread_id", how="id"),
    FieldMap(path="last_modified_time", to="at", how="millis"),
    FieldMap(path="create_time", to="at", how="millis", required=True),
)

FXIAOKE_FIELDS: Mapping[str, tuple[FieldMap, ...]] = MappingProxyType(
    {
        "LeadsObj": (*_PERSON, FieldMap(path="source", to="acquisition_channel")),
        "AccountObj": (
            *_KNOWN,
            FieldMap(path="account_source", to="acquisition_channel"),
            FieldMap(path="parent_account_id", to="account_id", how="id"),
        ),
        "ContactObj": (
            *_PERSON,
            FieldMap(path="tel1", to="identifier.phone.3"),
            FieldMap(path="mobile1", to="identifier.phone.4"),
        ),
        "NewOpportunityObj": (
            FieldMap(path="stg_changed_time", to="at", how="millis"),
            *_DEAL,
            FieldMap(path="sales_stage", to="name", required=True),
            FieldMap(path="sales_status", to="outcome"),
            FieldMap(path="amount", to="amount", how="decimal"),
        ),
        "OpportunityObj": (
            FieldMap(path="sales_stg_changed_time", to="at", how="millis"),
            *_DEAL,
            FieldMap(path="oppo_stage_id", to="name", required=True),
            FieldMap(path="biz_status", to="outcome"),
        ),
        "ActiveRecordObj": (
            *_DONE,
            FieldMap(path="create_time", to="at", how="millis", required=True),
            FieldMap(path="active_record_type__r", to="name"),
            FieldMap(path="active_record_type", to="name"),
            FieldMap(path="new_opportunity_id", to="thread_id", how="id"),
        ),
    }
)
"""What fields of 纷享销客's objects become."""

_CUSTOMERS = {"LeadsObj": "person", "AccountObj": "organization", "ContactObj": "person"}
_KINDS = {
    "NewOpportunityObj": Kind.STAGE_CHANGE.value,
    "OpportunityObj": Kind.STAGE_CHANGE.value,
    "ActiveRecordObj": "follow_up",
}
_MILLIS = reader("millis")
_RELATED = "related_object_data"
_WHO = ("AccountObj", "LeadsObj", "ContactObj")
_WHICH = ("NewOpportunityObj", "OpportunityObj")


def customer_from_fxiaoke(
    record: Mapping[str, Any],
    *,
    of: str,
    region: str | None = None,
    fields: Sequence[FieldMap] = (),
) -> Customer:
    """Return the customer that a 线索, a 客户 or a 联系人 is.

    Parameters
    ----------
    record : mapping
        The object.
    of : {"LeadsObj", "AccountObj", "ContactObj"}
        Its API name: 线索, 客户 (an organization), 联系人.
    region : str, optional
        Country of telephone numbers that do not say it, as a rule ``"CN"``; see
        `normalise_phone`. Without it such numbers stay in ``attributes``.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `FXIAOKE_FIELDS`.

    Returns
    -------
    Customer
        Without an owner it is in the open pool (公海, 线索池). Other fields are in ``attributes``
        under their API names, your own (``field_x__c``) too.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type.

    References
    ----------
    纷享销客 开放平台, OpenAPI 文档: 客户与联系人, 商机与线索. https://developer.fxiaoke.com

    Examples
    --------
    >>> from customerops.model import customer_from_fxiaoke
    >>> lead = customer_from_fxiaoke(
    ...     {"_id": "5ea6cdd4", "name": "张三", "owner": [], "leads_pool_id": "87b8"},
    ...     of="LeadsObj",
    ... )
    >>> lead.owner_id is None, dict(lead.attributes)
    (True, {'leads_pool_id': '87b8', 'name': '张三'})
    """
    known = {name: FXIAOKE_FIELDS[name] for name in _CUSTOMERS}
    taken = take(record, table(known, of, fields))
    return customer_of("fxiaoke", taken, region=region, kind=_CUSTOMERS[of])


def interaction_from_fxiaoke(
    record: Mapping[str, Any],
    *,
    of: str,
    currency: str = "CNY",
    fields: Sequence[FieldMap] = (),
) -> Interaction:
    """Return what a 商机 or a 销售记录 is to the customer.

    Parameters
    ----------
    record : mapping
        The object.
    of : {"NewOpportunityObj", "OpportunityObj", "ActiveRecordObj"}
        Its API name: 商机 2.0, 商机, 销售记录.
    currency : str
        Of amounts; objects in several currencies take a field of their own to ``"currency"``.
    fields : sequence of FieldMap
        Fields of your own, which stand before those of `FXIAOKE_FIELDS`: one to ``"kind"`` with
        ``words`` says which types of 销售记录 are calls and which are visits.

    Returns
    -------
    Interaction
        Of the 客户. Other fields are in ``attributes`` under their API names.

    Raises
    ------
    InvalidInputError
        With the path, if a field is missing or of another type, or nothing says whose it is.

    Notes
    -----
    A 商机 is a ``stage_change`` to its stage, at the instant it came there (else was last changed),
    in the thread of the 商机, with an id of its last change: one fetched twice counts once, one
    changed in between is another. A 销售记录 is a ``follow_up`` of its ``account_id``, else of the 客户, 线索 or 联系人 among
    ``related_object_data``.

    References
    ----------
    纷享销客 开放平台, OpenAPI 文档: 商机与线索, 销售记录. https://developer.fxiaoke.com

    Examples
    --------
    >>> from customerops.model import interaction_from_fxiaoke
    >>> found = interaction_from_fxiaoke(
    ...     {
    ...         "_id": "o1",
    ...         "account_id": "a1",
    ...         "sales_stage": "3",
    ...         "amount": "120000.00",
    ...         "stg_changed_time": 1588040003479,
    ...         "create_time": 1587988330715,
    ...     },
    ...     of="NewOpportunityObj",
    ... )
    >>> found.kind, found.amount, found.thread_id
    ('stage_change', Money('120000.00', 'CNY'), 'o1')
    """
    known = {name: FXIAOKE_FIELDS[name] for name in _KINDS}
    taken = take(record, table(known, of, fields))
    values = taken.values
    who = _related(record, _WHO)
    if "customer_id" not in values and who is None:
        raise InvalidInputError("account_id", "must be given", f"it is missing, in {_RELATED} too")
    values.setdefault("customer_id", who)
    if of == "ActiveRecordObj":
        values.setdefault("thread_id", _related(record, _WHICH))
    else:
        changed = record.get("last_modified_time")
        state = values["at"] if missing(changed) else _MILLIS("last_modified_time", changed)
        values["id"] = f"{values['id']}:{state.isoformat()}"
    return interaction_of(taken, currency=currency, kind=_KINDS[of])


def _related(record: Any, names: Sequence[str]) -> Id | None:
    """Return the id of the first related object of these kinds, in their order."""
    given = at(record, _RELATED)
    if not isinstance(given, list | tuple):
        return None
    for name in names:
        for i, one in enumerate(given):
            if at(one, "describe_api_name") == name:
                found: Id = reader("lookup")(f"{_RELATED}[{i}]", one)
                return found
    return None
