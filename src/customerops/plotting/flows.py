"""Flows of paths, of a journey map and of a lifecycle, as Sankey diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from customerops.journey.maps.flowing import StageFlow
from customerops.journey.paths.flow_edges import FlowEdges
from customerops.journey.paths.flows import PathFlow
from customerops.lifecycle.population.stocks import StageFlows
from customerops.plotting.canvas import (
    no_more,
    refuse,
)
from customerops.plotting.reading import order_of
from customerops.plotting.words import label_text, metric_text, plural, subtitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

from customerops.plotting.sankeys import COLUMNS, Link, flow_diagram

__all__ = ["lifecycle_flows", "path_flows", "stage_flows"]


def path_flows(flow: PathFlow | FlowEdges, ax: Axes | None = None, *, top: int = 5) -> Axes:
    """Draw how paths go on, step by step, as a Sankey diagram.

    Parameters
    ----------
    flow : PathFlow or FlowEdges
        Of one group. Edges are drawn as they are.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.
    top : int
        How many states of each step have a name; the others are drawn together.

    Returns
    -------
    matplotlib.axes.Axes
        A column a step, ribbons as wide as paths are many. Ends are grey.

    Raises
    ------
    InvalidInputError
        If there are groups or more than twelve steps.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import path_flow
    >>> from customerops.plotting import path_flows
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a", "b"], kind=["visit", "buy", "visit"], tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, day) for day in (5, 6, 5)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> ax = path_flows(path_flow(log, max_steps=2))
    >>> ax.texts[0].get_text().split()
    ['visit', '2']
    """
    edges = flow if isinstance(flow, FlowEdges) else flow.edges(top=top)
    if edges.outer:
        name = edges.outer[0].name
        refuse("be of one group", f"select({name}=...) one of the flow")
    links = [
        Link(step - 1, label_text(source), label_text(target), count)
        for step, source, target, count in zip(
            edges.step.tolist(), edges.source, edges.target, edges.count.tolist(), strict=True
        )
    ]
    context = edges.context
    notes = [f"{int(edges.entered[0]):,} {plural(context.unit)}"] if len(edges) else []
    if not edges.complete.all():
        notes.append("not over: so far")
    last = max((link.step for link in links), default=0) + 1
    heads = [f"step {k + 1}" for k in range(last)] + ["then"]
    title = metric_text(context).removesuffix(": edges")
    return flow_diagram(links, ax, title=title, below=subtitle(context, *notes), heads=heads)


def stage_flows(flow: StageFlow, ax: Axes | None = None) -> Axes:
    """Draw from which stage of a journey map customers went to which, between two instants.

    Parameters
    ----------
    flow : StageFlow
        Of one group.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Two columns; who stayed goes straight on. "(missing)" is off the map.

    Raises
    ------
    InvalidInputError
        If there are groups.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.journey import stage_flow
    >>> from customerops.model import JourneyMap, JourneyStage
    >>> from customerops.plotting import stage_flows
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "a"], kind=["visit", "buy"], tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 1, 7)],
    ... ).until_day(dt.date(2026, 1, 31))
    >>> stages = [
    ...     JourneyStage(key=key, order=i, entry=entry)
    ...     for i, (key, entry) in enumerate([("seen", "visit"), ("bought", "buy")])
    ... ]
    >>> start, end = (dt.datetime(2026, 1, day, tzinfo=dt.timezone.utc) for day in (6, 8))
    >>> flow = stage_flow(log, JourneyMap(key="shop", stages=tuple(stages)), from_=start, to=end)
    >>> [text.get_text().split() for text in stage_flows(flow).texts[:2]]
    [['seen', '1'], ['bought', '1']]
    """
    if len(flow.axes) != 2:
        refuse("be of one group", "select() one of them, with all its stages")
    sources, targets = flow.axes
    links = [
        Link(
            0,
            label_text(sources.labels[i]),
            label_text(targets.labels[j]),
            int(flow.customers[i, j]),
        )
        for i, j in np.argwhere(np.asarray(flow.customers)).tolist()
    ]
    order = [label_text(axis.labels[i]) for axis in flow.axes for i in order_of(axis, flow)]
    return flow_diagram(
        links,
        ax,
        title=metric_text(flow.context),
        below=subtitle(flow.context, plural(flow.context.unit)),
        heads=["before", "after"],
        order=order,
    )


def lifecycle_flows(flow: StageFlows, ax: Axes | None = None) -> Axes:
    """Draw how customers move between the stages of a lifecycle, period by period.

    Parameters
    ----------
    flow : StageFlows
        Net flows: a column for the end of each period, at most twelve, with all customers. Gross
        flows: the transitions of all periods together, from stage to stage.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        Stages in the order of a life; UNKNOWN is where first-seen customers come from.

    Raises
    ------
    InvalidInputError
        If there are more than twelve periods of net flows, or stages were selected.

    Examples
    --------
    >>> import datetime as dt
    >>> from customerops import InteractionLog
    >>> from customerops.lifecycle import Inactivity, KthInLife, LifecyclePolicy, replay_log
    >>> from customerops.plotting import lifecycle_flows
    >>> log = InteractionLog.from_arrays(
    ...     customer_id=["a", "b"], kind=["purchase"] * 2, tz=dt.timezone.utc,
    ...     at=[dt.date(2026, 1, 5), dt.date(2026, 3, 5)],
    ... ).until_day(dt.date(2026, 3, 31))
    >>> policy = LifecyclePolicy(
    ...     qualifies="purchase", clock=Inactivity(dt.timedelta(days=30)), retention=KthInLife(2)
    ... )
    >>> flows = replay_log(log, policy).flows(period="quarter", kind="net")
    >>> [text.get_text() for text in lifecycle_flows(flows).texts[-2:]]
    ['2026 Q1', 'as of the end of 2026-03-31']
    """
    names = [axis.name for axis in flow.axes]
    if names[-2:] != ["source", "target"]:
        refuse("have all its stages", "select() periods only")
    sources, targets = ([label_text(label) for label in axis.labels] for axis in flow.axes[-2:])
    context, count = flow.context, np.asarray(flow.count)
    order = list(
        dict.fromkeys(
            label_text(axis.labels[i]) for axis in flow.axes[-2:] for i in order_of(axis, flow)
        )
    )
    periods = [label_text(at, context.period) for at in flow.axes[0].labels] if names[2:] else []
    notes = [] if np.all(flow.complete) else ["the last period is not over: so far"]
    if context.definition == "net":
        no_more("periods", len(periods), COLUMNS - 1, "select() some of them in a row")
        cube = count.reshape(-1, len(sources), len(targets))
        heads = ["before", *(periods or ["after"])]
    else:
        cube = count.reshape(-1, len(sources), len(targets)).sum(axis=0, keepdims=True)
        heads = ["from", "to"]
        notes.append(f"transitions of {max(len(periods), 1)} periods")
    links = [
        Link(t, sources[i], targets[j], int(cube[t, i, j]))
        for t, i, j in np.argwhere(cube).tolist()
    ]
    title, below = metric_text(context), subtitle(context, *notes)
    return flow_diagram(links, ax, title=title, below=below, heads=heads, order=order)
