"""A report on 2,357 real customers: run `python docs/examples/quickstart.py`.

With `--html report.html` it is one page with pictures too, which needs matplotlib. The example does the
reading, printing and writing; the library does none. The data are the CDNOW 1/10 sample, with its
citation in data/README.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import attrs
import pandas as pd

import customerops as co
from customerops import lifecycle, metrics
from customerops.model import Window, const

UTC = dt.UTC
DATA = Path(__file__).parent / "data" / "cdnow_sample.csv"
LAST_DAY = dt.date(1998, 6, 30)
CALIBRATION_END = dt.datetime(1997, 9, 30, tzinfo=UTC)  # 39 weeks; the 39 after it are held out


@attrs.frozen
class Section:
    """A question and its answer: what is said before the table, the table, what is said after it."""

    title: str
    head: list[str]
    rows: list[list[str]]
    before: str = ""
    after: str = ""
    pictures: tuple[Any, ...] = ()  # results that have a plot


def main() -> None:
    """Read the orders, print the report, and write the page if one is asked for."""
    parser = argparse.ArgumentParser(description="A report on the customers of CDNOW.")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures too")
    page = parser.parse_args().html
    orders = pd.read_csv(DATA, dtype={"customer": str}, parse_dates=["date"])
    log = co.InteractionLog.from_frame(
        orders,
        customer_id="customer",
        at="date",
        tz=UTC,
        kind=const("purchase"),
        amount="amount",
        currency="USD",
    ).until_day(LAST_DAY)
    lead = (
        f"CDNOW sample: {len(log):,} orders of {log.n_customers:,} customers to {LAST_DAY}\n"
        "A rate is written: value, numerator/denominator, [95 % interval in percent]."
    )
    sections = [
        stages(log),
        growth(log),
        cohorts(log),
        repurchase(log),
        segments(log),
        *value(log),
    ]
    print(lead)
    for section in sections:
        show(section)
    if page is not None:
        from report_page import page_of

        page.write_text(page_of("Customers of CDNOW", lead, sections), encoding="utf-8")
        print(f"\n{page}: the same with pictures")


def stages(log: co.InteractionLog) -> Section:
    """Who stands where at the end of each quarter."""
    policy = lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Inactivity(dt.timedelta(days=120)),
        retention=lifecycle.KthInLife(2),
        winback_window=dt.timedelta(days=240),
    )
    population = lifecycle.replay_log(log, policy)
    counts = population.counts(period="quarter")
    share = counts.share()
    rows = []
    for period in share.axes[0].labels:
        cells = [share.select(period=period, stage=stage) for stage in share.axes[1].labels]
        rows.append([quarter(period), *(rate(cell) for cell in cells)])
    return Section(
        "Customers by lifecycle stage at the end of each quarter, of all known",
        ["quarter", *map(str, share.axes[1].labels)],
        rows,
        before=policy.describe(),
        pictures=(counts, population.flows(period="quarter", kind="net")),
    )


def growth(log: co.InteractionLog) -> Section:
    """Active customers and where they come from."""
    counts = lifecycle.growth_accounting(log, qualifies="purchase", period="quarter")
    kept = counts.retention()
    rows = [
        [
            quarter(period),
            *(
                str(int(part[i]))
                for part in (
                    counts.active,
                    counts.new,
                    counts.resurrected,
                    counts.retained,
                    counts.churned,
                )
            ),
            rate(kept.select(period=period)),
        ]
        for i, period in enumerate(counts.axes[0].labels)
    ]
    return Section(
        "Growth accounting: active = active before + new + resurrected - churned",
        ["quarter", "active", "new", "resurrected", "retained", "churned", "retention"],
        rows,
        pictures=(counts,),
    )


def cohorts(log: co.InteractionLog) -> Section:
    """Of those who first bought in a month, who bought again k months later."""
    retained = metrics.retention(
        log,
        start="purchase",
        returning="purchase",
        period="month",
        over=Window.parse("1997-01-01", "1997-04-01", tz=UTC),
    )
    ages = [1, 2, 3, 6, 12]
    rows = [
        [f"{cohort:%Y-%m}", *(rate(retained.select(cohort=cohort, age=age)) for age in ages)]
        for cohort in retained.axes[0].labels
    ]
    pooled = retained.pooled()
    rows.append(["pooled", *(rate(pooled.select(age=age)) for age in ages)])
    return Section(
        "Monthly cohort retention: bought again in the k-th month after the first",
        ["cohort", *(f"k = {age}" for age in ages)],
        rows,
        pictures=(retained,),
    )


def repurchase(log: co.InteractionLog) -> Section:
    """Three answers to one question, each with its name."""
    over = Window.parse("1997-01-01", "1998-01-01", tz=UTC)
    in_window = metrics.repurchase_rate(log, definition="in_window", over=over)
    ninety = metrics.repurchase_rate(
        log, definition="within_days", within=dt.timedelta(days=90), over=over
    )
    by_orders = metrics.repurchase_rate(log, definition="by_orders", over=over)
    low, high = by_orders.interval()
    rows = [
        ["in_window", "buyers with two or more orders / buyers", rate(in_window)],
        ["within_days", "bought again within 90 days / first-time buyers", rate(ninety)],
        [
            "by_orders",
            "repeat orders / orders",
            f"{float(by_orders):.1%} {by_orders.x}/{by_orders.y} [{100 * low:.1f}, {100 * high:.1f}]",
        ],
    ]
    return Section(
        "Repurchase rate, 1997: which one do you mean?", ["definition", "what it is", "rate"], rows
    )


def segments(log: co.InteractionLog) -> Section:
    """RFM segments: how many, and how much of the money."""
    table_of = metrics.rfm(log, occasion="day")
    scores = table_of.score(table_of.cuts(bins=5))
    sizes = scores.segments(metrics.RFM_SEGMENTS)
    share, money = sizes.share(), int(sizes.monetary.sum())
    rows = [
        [
            str(label),
            rate(share.select(segment=label)),
            f"{cents / money:.1%} {cents / 100:,.0f}/{money / 100:,.0f} USD",
        ]
        for label, cents in zip(sizes.axes[0].labels, sizes.monetary.tolist(), strict=True)
    ]
    return Section(
        "RFM segments by recency and frequency, and their share of what was ever paid",
        ["segment", "customers", "money"],
        rows,
        pictures=(scores,),
    )


def value(log: co.InteractionLog) -> list[Section]:
    """What the best customers are expected to buy and be worth, and how good that was."""
    summary = metrics.purchase_summary(
        log, calibration_end=CALIBRATION_END, occasion="day", unit="week"
    )
    model, spend = metrics.fit(metrics.BGNBD, summary), metrics.fit(metrics.GammaGamma, summary)
    fits = Section(
        f"Purchase model, fitted to the first 39 weeks of {len(summary):,} customers",
        [],
        [],
        before="\n".join(fitted.summary() for fitted in (model, spend)),
    )
    horizon = dt.timedelta(weeks=39)
    expected = model.expected_purchases(summary, horizon=horizon, confidence=0.95)
    worth = metrics.lifetime_value(
        model, spend, summary, horizon=dt.timedelta(weeks=52), discount=0.10, margin=0.3
    )
    best = expected.top(10)
    told = worth.to_frame().set_index("customer_id")["value"]
    actual = summary.to_frame().set_index("customer_id")["held_x"]
    alive = model.probability_alive(summary).to_frame().set_index("customer_id").iloc[:, 0]
    rows = [
        [
            one.customer_id,
            f"{one.expected:.1f} ({one.low:.1f} to {one.high:.1f})",
            str(actual[one.customer_id]),
            f"{alive[one.customer_id]:.0%}",
            f"{told[one.customer_id]:,.2f}",
        ]
        for one in best.itertuples()
    ]
    top = Section(
        "The ten best customers: purchases in the next 39 weeks, value of a year at 30 % margin",
        ["customer", "expected (95 %)", "bought", "still alive", "value, USD"],
        rows,
        before="Present value at 10 % a year. What they bought then was not known to the model.",
    )
    check = metrics.validate(model, summary)
    rows = [
        [str(one.x), str(one.customers), f"{one.expected:.2f}", f"{one.actual:.2f}"]
        for one in check.to_frame().itertuples()
    ]
    held = Section(
        "How good was it? Expected and actual purchases in the 39 weeks kept back",
        ["bought before", "customers", "expected each", "actual each"],
        rows,
        after=f"All together: {check.expected.sum():,.0f} expected, {check.actual.sum():,} bought "
        f"({check.tracking_error:+.1%}); mean absolute error {check.mae:.2f} a customer.",
        pictures=(check, metrics.purchase_tracking(model, log, calibration_end=CALIBRATION_END)),
    )
    return [fits, top, held]


# ------------------------------------------------------------------ printing


def rate(cell: co.model.Proportion) -> str:
    """Return a share with its counts and interval; say when it is not known yet."""
    if not cell.complete:
        return "not over"
    if not cell.total:
        return "-"
    low, high = cell.interval()
    return f"{float(cell):.1%} {cell.count}/{cell.total} [{100 * low:.1f}, {100 * high:.1f}]"


def quarter(start: object) -> str:
    """Return a quarter's name from its first day."""
    assert isinstance(start, dt.date)
    return f"{start.year} Q{(start.month + 2) // 3}"


def show(section: Section) -> None:
    """Print a section."""
    print(f"\n{section.title}\n{'-' * len(section.title)}")
    if section.before:
        print(indent(section.before))
    if section.head:
        table(section.head, section.rows)
    if section.after:
        print(indent(section.after))


def indent(text: str) -> str:
    """Return a text two columns to the right."""
    return "\n".join(f"  {line}" for line in text.splitlines())


def table(head: list[str], rows: list[list[str]]) -> None:
    """Print rows under a head, columns as wide as they need."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
