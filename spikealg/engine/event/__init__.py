"""The event kernel: a tick visits only neurons to which something happens.

Those are neurons at which a spike or an injected value arrives, and those not at rest. The leak
of skipped ticks is caught up at the next visit. Relays fire whenever anything arrives, so nothing
is summed at them and they are not even visited: they are listed when a spike is sent to them, and
fire when its tick comes.
"""

from __future__ import annotations

from spikealg.engine.event.run import run, visits_per_tick

__all__ = ["run", "visits_per_tick"]
