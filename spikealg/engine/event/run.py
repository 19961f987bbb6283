"""The event kernel: tick after tick, lane after lane."""

from __future__ import annotations

from dataclasses import replace

from numba import njit

from spikealg.engine.event.lane import begin_lane, end_lane, potential
from spikealg.engine.event.tick import (
    fire_relays,
    gather,
    reset_fired,
    send,
    visit,
    visit_simple,
)
from spikealg.engine.event.work import make_work
from spikealg.engine.job import Job, Outcome, Report
from spikealg.engine.plan import Plan, make_plan, make_request
from spikealg.engine.rules import (
    ARRIVED_BY,
    DONE,
    DRIVEN,
    ELIGIBLE,
    FIRED,
    INJECTING,
    LANE,
    NEXT_INPUT,
    OVERFLOW_TICK,
    PAUSED,
    RELAYED,
    RESTLESS,
    SPIKES,
    TICK,
    UNTIL_LEFT,
    VISITED,
    VISITS_PER_CALL,
    WILD,
    draw,
    list_flying,
    note_overflow,
    note_spikes,
)  # fmt: skip
from spikealg.engine.slices import make_at, make_out, run_slice

__all__ = ["run", "visits_per_tick"]


@njit(cache=True, nogil=True)
def _advance(plan, request, work, out, first, at):
    """Run lanes from where `at` stands until all are done, a buffer is full, or for a while.

    `first` is the number of the block's first lane in the job. Returns DONE or PAUSED.
    """
    kinds, synapse, target_bits, pairs = plan.kinds, plan.synapse, plan.target_bits, work.pairs
    hot, ring, marks = work.hot, work.ring, work.marks
    touched, front, back = work.touched, work.front, work.back
    restless, eligible, others = work.restless, work.eligible, work.others
    injected, history = work.injected, work.history
    inject_tick, inject_neuron = request.inject_tick, request.inject_neuron
    inject_value = request.inject_value
    n, slots, start = len(plan.kind), plan.ring, request.start_tick
    # What nobody asks for is empty.
    recorded = request.recorded if request.recorded.any() else request.recorded[:0]
    quieting = plan.longest if request.until_quiet else plan.longest[:0]
    room = len(recorded)
    visits = 0
    while at[LANE] < len(out.cells):
        row, lane = at[LANE], at[LANE] + first
        if at[TICK] == start:
            begin_lane(plan, request, work, out.cells[row], lane, at)
        inject_end = request.inject_pointer[lane + 1]
        tick = at[TICK]
        end = request.end_tick if at[OVERFLOW_TICK] < 0 else at[OVERFLOW_TICK] + 1
        while tick < end and out.stopped[row] < 0:
            if visits > VISITS_PER_CALL or at[SPIKES] + room > out.spikes.shape[1]:
                at[TICK] = tick
                return PAUSED
            slot = tick & (slots - 1)
            fired = history[slot]
            low, high = gather(ring, touched, front, slot, restless, injected, inject_tick,
                               inject_neuron, inject_value, tick, inject_end, at)  # fmt: skip
            visited = touched[low:high]
            fire_relays(touched, back, marks, slot, fired, at)
            visits += len(visited) + at[FIRED] + 10
            at[VISITED] += len(visited)
            at[RELAYED] += at[FIRED]
            at[RESTLESS] = at[ELIGIBLE] = 0
            at[WILD] = n
            if at[INJECTING] == 0:
                left = visit_simple(kinds, hot, ring, visited, slot, slots, fired, others,
                                    tick - start, at)  # fmt: skip
                visited = others[:left]
            simple = at[FIRED]
            if len(visited) > 0:
                visit(kinds, hot, ring, visited, slot, slots, injected, restless, fired,
                      eligible, tick - start, at)  # fmt: skip
            if at[WILD] < n:
                note_overflow(tick, lane, at)
                break
            if at[ELIGIBLE] > 0:
                draw(kinds, plan.kind, plan.stream, request.seed, tick, request.first_lane + lane,
                     fired, eligible, restless, work.streams, work.words, at)  # fmt: skip
            work.history_count[slot] = at[FIRED]
            if at[FIRED] > 0:
                spiking = fired[: at[FIRED]]
                reset_fired(kinds, hot, spiking[simple:], restless, at)
                send(work.spiking, synapse, target_bits, pairs, ring, touched, front, back, marks,
                     spiking, tick, None)  # fmt: skip
                note_spikes(spiking, recorded, out.spikes, request.marker, request.epoch_ks,
                            request.epoch_column, out.epochs, request.until_mask,
                            request.until_count, quieting, tick, lane, at)  # fmt: skip
            for w in range(len(request.watched)):
                out.potentials[tick - start, row, w] = potential(
                    kinds, hot, request.watched[w], tick - start
                )
            over = False
            if request.until_count > 0:
                over = at[UNTIL_LEFT] <= 0
            elif request.until_quiet:
                over = at[RESTLESS] == 0 and at[DRIVEN] == 0
                over = over and at[ARRIVED_BY] <= tick and at[NEXT_INPUT] == inject_end
            if over:
                out.stopped[row] = tick
            tick += 1
        at[TICK] = tick
        if at[OVERFLOW_TICK] < 0:
            if not list_flying(plan.longest, history, work.history_count, out.flying, tick - 1,
                               lane, at):  # fmt: skip
                return PAUSED
            end_lane(plan, work, out.cells[row], out.counts, start, tick - 1)
        at[LANE] += 1
        at[TICK] = start
    return DONE


def _relaying(plan: Plan, job: Job) -> bool:
    """Return whether relays may go unvisited: all can fire, and nobody asks for potentials."""
    relays, start = plan.relays, job.start
    member = relays.member
    return bool(
        member.any()
        and not member[job.watched].any()
        and (start.c.max(axis=0) == 0)[member].all()
        and (start.v.min(axis=0) >= relays.lowest)[member].all()
        and (start.v.max(axis=0) <= relays.highest)[member].all()
    )


def run(job: Job, lanes: slice, report: Report) -> Outcome:
    """Run the lanes of a slice; see :class:`~spikealg.engine.job.Outcome`."""
    plan = make_plan(job.network)
    work = make_work(plan, _relaying(plan, job))
    return run_slice(
        job,
        lanes,
        report,
        lambda request, out, at, first: _advance(plan, request, work, out, first, at),
    )


def visits_per_tick(job: Job, ticks: int) -> tuple[float, float]:
    """Run a few ticks of the first lane for nothing; return visits and firing relays per tick."""
    trial = replace(job, ticks=ticks, watched=job.watched[:0], until_quiet=False, until_count=0)
    plan, request = make_plan(job.network), make_request(trial)
    out, at = make_out(trial, slice(0, 1)), make_at(trial)
    _advance(plan, request, make_work(plan, _relaying(plan, job)), out, 0, at)
    return float(at[VISITED] / ticks), float(at[RELAYED] / ticks)
