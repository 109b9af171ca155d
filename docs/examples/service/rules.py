"""What this service decides by: a lifecycle policy and a playbook. Data, and nothing else."""

import datetime as dt
from decimal import Decimal

from customerops import lifecycle
from customerops.model import amount, kind

DAY = dt.timedelta(days=1)

POLICY = lifecycle.LifecyclePolicy(
    qualifies=kind("purchase") & (amount >= 5),
    clock=lifecycle.Inactivity(30 * DAY),
    retention=lifecycle.KthInLife(2),  # retained from the second purchase on
    winback_window=60 * DAY,  # lost 60 days after lapsing
)

PLAYBOOK = lifecycle.Playbook(
    key="wake-2026",
    tz="Europe/Berlin",
    actions=(
        lifecycle.Action(
            key="wake",
            when=lifecycle.WAKE,
            purpose="marketing",
            channels=("email",),
            cool_down=14 * DAY,
            offer=lifecycle.Offer(key="back-10", percent=Decimal(10)),
        ),
    ),
    caps=(lifecycle.Cap(limit=2, window=7 * DAY, channel="email"),),
    quiet_hours=(lifecycle.QuietHours("21:00", "08:00"),),
)
