"""A report on 2,357 real customers: run `python docs/examples/quickstart.py`.

The example does the reading and the printing; the library does neither. The data are the CDNOW 1/10
sample, with its citation in data/README.md.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

import customerops as co
from customerops import lifecycle, metrics
from customerops.model import Window, const

UTC = dt.UTC
DATA = Path(__file__).parent / "data" / "cdnow_sample.csv"
LAST_DAY = dt.date(1998, 6, 30)
CALIBRATION_END = dt.datetime(1997, 9, 30, tzinfo=UTC)  # 39 weeks; the 39 after it are held out


def main() -> None:
    """Read the orders and print the report."""
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
    print(f"CDNOW sample: {len(log):,} orders of {log.n_customers:,} customers to {LAST_DAY}")
    print("A rate is written: value, numerator/denominator, [95 % interval in percent].")
    stages(log)
    growth(log)
    cohorts(log)
    repurchase(log)
    segments(log)
    value(log)


def stages(log: co.InteractionLog) -> None:
    """Who stands where at the end of each quarter."""
    policy = lifecycle.LifecyclePolicy(
        qualifies="purchase",
        clock=lifecycle.Inactivity(dt.timedelta(days=120)),
        retention=lifecycle.KthInLife(2),
        winback_window=dt.timedelta(days=240),
    )
    population = lifecycle.replay_log(log, policy)
    title("Customers by lifecycle stage at the end of each quarter, of all known")
    print(indent(policy.describe()))
    share = population.counts(period="quarter").share()
    rows = []
    for period in share.axes[0].labels:
        cells = [share.select(period=period, stage=stage) for stage in share.axes[1].labels]
        rows.append([quarter(period), *(rate(cell) for cell in cells)])
    table(["quarter", *map(str, share.axes[1].labels)], rows)


def growth(log: co.InteractionLog) -> None:
    """Active customers and where they come from."""
    counts = lifecycle.growth_accounting(log, qualifies="purchase", period="quarter")
    kept = counts.retention()
    title("Growth accounting: active = active before + new + resurrected - churned")
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
    table(["quarter", "active", "new", "resurrected", "retained", "churned", "retention"], rows)


def cohorts(log: co.InteractionLog) -> None:
    """Of those who first bought in a month, who bought again k months later."""
    retained = metrics.retention(
        log,
        start="purchase",
        returning="purchase",
        period="month",
        over=Window.parse("1997-01-01", "1997-04-01", tz=UTC),
    )
    title("Monthly cohort retention: bought again in the k-th month after the first")
    ages = [1, 2, 3, 6, 12]
    rows = [
        [f"{cohort:%Y-%m}", *(rate(retained.select(cohort=cohort, age=age)) for age in ages)]
        for cohort in retained.axes[0].labels
    ]
    pooled = retained.pooled()
    rows.append(["pooled", *(rate(pooled.select(age=age)) for age in ages)])
    table(["cohort", *(f"k = {age}" for age in ages)], rows)


def repurchase(log: co.InteractionLog) -> None:
    """Three answers to one question, each with its name."""
    over = Window.parse("1997-01-01", "1998-01-01", tz=UTC)
    title("Repurchase rate, 1997: which one do you mean?")
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
    table(["definition", "what it is", "rate"], rows)


def segments(log: co.InteractionLog) -> None:
    """RFM segments: how many, and how much of the money."""
    table_of = metrics.rfm(log, occasion="day")
    sizes = table_of.score(table_of.cuts(bins=5)).segments(metrics.RFM_SEGMENTS)
    share, money = sizes.share(), int(sizes.monetary.sum())
    title("RFM segments by recency and frequency, and their share of what was ever paid")
    rows = [
        [
            str(label),
            rate(share.select(segment=label)),
            f"{cents / money:.1%} {cents / 100:,.0f}/{money / 100:,.0f} USD",
        ]
        for label, cents in zip(sizes.axes[0].labels, sizes.monetary.tolist(), strict=True)
    ]
    table(["segment", "customers", "money"], rows)


def value(log: co.InteractionLog) -> None:
    """What the best customers are expected to buy and be worth, and how good that was."""
    summary = metrics.purchase_summary(
        log, calibration_end=CALIBRATION_END, occasion="day", unit="week"
    )
    model, spend = metrics.fit(metrics.BGNBD, summary), metrics.fit(metrics.GammaGamma, summary)
    title(f"Purchase model, fitted to the first 39 weeks of {len(summary):,} customers")
    for fitted in (model, spend):
        print(indent(fitted.summary()))
    horizon = dt.timedelta(weeks=39)
    expected = model.expected_purchases(summary, horizon=horizon, confidence=0.95)
    worth = metrics.lifetime_value(
        model, spend, summary, horizon=dt.timedelta(weeks=52), discount=0.10, margin=0.3
    )
    title("The ten best customers: purchases in the next 39 weeks, value of a year at 30 % margin")
    print("  Present value at 10 % a year. What they bought then was not known to the model.")
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
    table(["customer", "expected (95 %)", "bought", "still alive", "value, USD"], rows)
    check = metrics.validate(model, summary)
    title("How good was it? Expected and actual purchases in the 39 weeks kept back")
    rows = [
        [str(one.x), str(one.customers), f"{one.expected:.2f}", f"{one.actual:.2f}"]
        for one in check.to_frame().itertuples()
    ]
    table(["bought before", "customers", "expected each", "actual each"], rows)
    print(
        f"  All together: {check.expected.sum():,.0f} expected, {check.actual.sum():,} bought "
        f"({check.tracking_error:+.1%}); mean absolute error {check.mae:.2f} a customer."
    )


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


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


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
