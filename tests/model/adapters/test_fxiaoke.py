"""纷享销客's objects, as its documented responses restated (open API: LeadsObj, OpportunityObj)."""

import datetime as dt
from typing import Any

import pytest

from customerops.errors import InvalidInputError
from customerops.model import FieldMap, Identifier, InteractionLog, Money
from customerops.model.adapters.fxiaoke import customer_from_fxiaoke, interaction_from_fxiaoke

UTC = dt.UTC
OWNER = "FSUID_CBF443F942C4ABE8A46BE859066A5CD1"
MADE = 1587988330715  # 2020-04-27T11:52:10.715Z
MADE_AT = dt.datetime(2020, 4, 27, 11, 52, 10, 715000, UTC)
LEAD = {
    "_id": "5ea6cdd489225f0001fbc39d",
    "name": "张三",
    "mobile": "13800138000",
    "email": "zhang@example.com",
    "source": "官网",
    "owner": [OWNER],
    "owner__l": [{"id": "1453", "name": "蒋小川1", "email": ""}],
    "leads_pool_id": "87b8db826a62403c9bcd792154e26328",
    "account_id": "",
    "create_time": MADE,
    "biz_status": "un_processed",
    "UDCal1__c": "hello",
}


def test_a_lead() -> None:
    found = customer_from_fxiaoke(LEAD, of="LeadsObj", region="CN")
    assert (found.id, found.kind, found.owner_id) == (LEAD["_id"], "person", OWNER)
    assert (found.created_at, found.account_id) == (MADE_AT, None)
    assert found.acquisition_channel == "官网"
    assert found.identifiers == {
        Identifier(type="email", value="zhang@example.com", source="fxiaoke"),
        Identifier(type="phone", value="+8613800138000", source="fxiaoke"),
    }
    assert dict(found.attributes) == {
        "UDCal1__c": "hello",
        "biz_status": "un_processed",
        "leads_pool_id": "87b8db826a62403c9bcd792154e26328",
        "name": "张三",
        "owner__l[0].id": "1453",
        "owner__l[0].name": "蒋小川1",
    }
    nowhere = customer_from_fxiaoke({**LEAD, "owner": []}, of="LeadsObj")
    assert nowhere.owner_id is None
    assert nowhere.attributes["phone.2"] == "13800138000"


def test_accounts_and_contacts() -> None:
    firm = customer_from_fxiaoke(
        {"_id": "a1", "name": "上海示例科技", "account_source": "展会", "parent_account_id": "a0"},
        of="AccountObj",
    )
    assert (firm.kind, firm.account_id, firm.acquisition_channel) == ("organization", "a0", "展会")
    person = customer_from_fxiaoke(
        {"_id": "p1", "account_id": "a1", "mobile1": "+8613800138000", "job_title": "总监"},
        of="ContactObj",
    )
    assert (person.kind, person.account_id) == ("person", "a1")
    assert [x.value for x in person.identifiers] == ["+8613800138000"]
    assert dict(person.attributes) == {"job_title": "总监"}


DEAL = {
    "_id": "o1",
    "name": "二期",
    "account_id": "a1",
    "account_id__r": "上海示例科技",
    "sales_stage": "3",
    "sales_stage__r": "方案确认",
    "sales_status": "1",
    "amount": "120000.50",
    "owner": [OWNER],
    "create_time": MADE,
    "stg_changed_time": MADE + 1000,
    "last_modified_time": MADE + 5000,
}


def test_a_deal() -> None:
    found = interaction_from_fxiaoke(DEAL, of="NewOpportunityObj")
    assert (found.kind, found.name, found.outcome) == ("stage_change", "3", "1")
    assert (found.customer_id, found.thread_id, found.actor_id) == ("a1", "o1", OWNER)
    assert found.at == MADE_AT + dt.timedelta(seconds=1)
    assert found.id == "o1:2020-04-27T11:52:15.715000+00:00"
    assert found.amount == Money("120000.50", "CNY")
    assert found.attributes["sales_stage__r"] == "方案确认"
    older = {k: v for k, v in DEAL.items() if k not in ("stg_changed_time", "last_modified_time")}
    plain = interaction_from_fxiaoke(older, of="NewOpportunityObj", currency="USD")
    assert (plain.at, plain.id) == (MADE_AT, "o1:2020-04-27T11:52:10.715000+00:00")
    assert plain.amount == Money("120000.50", "USD")


def test_a_deal_of_the_first_kind() -> None:
    given = {
        "_id": "5ea6c76a442fcc00017ef9fe",
        "account_id": "a1",
        "oppo_stage_id": "41a5807ad840477faa255bd50a65da5d",
        "biz_status": "running",
        "sales_stg_changed_time": 1588040003479,
        "create_time": MADE,
        "probability": "30",
    }
    found = interaction_from_fxiaoke(given, of="OpportunityObj")
    assert (found.name, found.outcome) == ("41a5807ad840477faa255bd50a65da5d", "running")
    assert found.at == dt.datetime(2020, 4, 28, 2, 13, 23, 479000, UTC)
    assert found.attributes["probability"] == "30"


def record(*related: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "_id": "rec-1",
        "active_record_content": "沟通了续约意向",
        "active_record_type": "2",
        "active_record_type__r": "电话",
        "create_time": MADE,
        "related_object_data": [
            {"describe_api_name": name, "id": one, "name": "x"} for name, one in related
        ],
        **more,
    }


def test_sales_records() -> None:
    related = [("NewOpportunityObj", "o1"), ("ContactObj", "p1"), ("AccountObj", "a1")]
    found = interaction_from_fxiaoke(record(*related), of="ActiveRecordObj")
    assert (found.kind, found.name, found.id) == ("follow_up", "电话", "rec-1")
    assert (found.customer_id, found.thread_id, found.at) == ("a1", "o1", MADE_AT)
    assert found.attributes["active_record_content"] == "沟通了续约意向"
    assert found.attributes["related_object_data[1].id"] == "p1"
    lead = interaction_from_fxiaoke(record(("LeadsObj", "l1")), of="ActiveRecordObj")
    assert (lead.customer_id, lead.thread_id) == ("l1", None)
    direct = record(("AccountObj", "a2"), account_id="a1", new_opportunity_id="o2")
    said = interaction_from_fxiaoke(direct, of="ActiveRecordObj")
    assert (said.customer_id, said.thread_id) == ("a1", "o2")


def test_which_records_are_calls() -> None:
    words = {"电话": "call", "拜访": "visit"}
    mine = [FieldMap(path="active_record_type__r", to="kind", words=words)]
    given = record(("AccountObj", "a1"))
    assert interaction_from_fxiaoke(given, of="ActiveRecordObj", fields=mine).kind == "call"
    given["active_record_type__r"] = "其他"
    assert interaction_from_fxiaoke(given, of="ActiveRecordObj", fields=mine).kind == "follow_up"


@pytest.mark.parametrize(
    ("of", "given", "message"),
    [
        ("ActiveRecordObj", record(), "^account_id must be given: it is missing, in related_obj"),
        ("ActiveRecordObj", record(related_object_data=None), "^account_id must be given"),
        (
            "ActiveRecordObj",
            record(related_object_data=[{"describe_api_name": "AccountObj"}]),
            r"^related_object_data\[0\].id must be given: it is missing$",
        ),
        ("ActiveRecordObj", {"_id": "x"}, "^create_time must be given: it is missing$"),
        ("NewOpportunityObj", {**DEAL, "sales_stage": ""}, "^sales_stage must be given"),
        ("NewOpportunityObj", {**DEAL, "amount": "x"}, "^amount must be a number: got another"),
        ("OpportunityObj", {**DEAL, "create_time": "x"}, "^create_time must be a time as an int"),
        ("AccountObj", DEAL, "^of must be one of 'NewOpportunityObj', 'OpportunityObj', 'Act"),
    ],
)
def test_errors_have_the_path(of: str, given: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        interaction_from_fxiaoke(given, of=of)


def test_of_customers() -> None:
    with pytest.raises(InvalidInputError, match="^of must be one of 'LeadsObj', 'AccountObj'"):
        customer_from_fxiaoke(LEAD, of="DealObj")
    with pytest.raises(InvalidInputError, match="^_id must be given: it is missing$"):
        customer_from_fxiaoke({}, of="LeadsObj")


def test_objects_make_a_log() -> None:
    next_stage = {**DEAL, "sales_stage": "4", "stg_changed_time": MADE + 9000}
    next_stage["last_modified_time"] = MADE + 9000
    found = [interaction_from_fxiaoke(x, of="NewOpportunityObj") for x in (DEAL, DEAL, next_stage)]
    found.append(interaction_from_fxiaoke(record(("AccountObj", "a1")), of="ActiveRecordObj"))
    log = InteractionLog.from_interactions(found)
    assert [x.kind for x in log.interactions()] == ["follow_up", "stage_change", "stage_change"]
    assert log.n_customers == 1
