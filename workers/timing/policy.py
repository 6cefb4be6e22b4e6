"""What becomes of lines that do not fit: fewer words, fast speech, a held picture, or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from backend.documents.speech import Placement, Verdict
from backend.documents.transcripts import Line
from backend.pipeline.params import Timing, TimingPolicy
from workers.timing.plan import plan_placements
from workers.timing.weights import SOFT_SHIFT, WANTED

# The rate that a shorter text is to have, so that it fits also if it takes a little longer.
AIM = 1.1


def place_lines(
    lines: Sequence[Line],
    natural: Mapping[int, float],
    total: float,
    timing: Timing,
    check: Callable[[], None] = lambda: None,
) -> tuple[Placement, ...]:
    """Place the lines as `workers.timing.plan.plan_placements` does, in order of time.

    With the policy `extend` the picture is held for those that would be fast. With `report` none
    is rushed: those that would be are left out, the worst ones first, for as long as it takes, and
    the source speech in their place is spared like any other. `check` may raise to stop it.
    """
    left_out: dict[int, Placement] = {}
    while True:
        kept = {id_: length for id_, length in natural.items() if id_ not in left_out}
        hold = timing.policy is TimingPolicy.EXTEND
        found = plan_placements(
            lines, kept, total, max_shift=timing.max_shift, hold=hold, check=check
        )
        if timing.policy is not TimingPolicy.REPORT or not (worst := list(_find_worst(found))):
            everything = (*found, *left_out.values())
            return tuple(sorted(everything, key=lambda one: (one.start, one.id)))
        for one in worst:
            left_out[one.id] = one.model_copy(update={"verdict": Verdict.LEFT_OUT})


def drop_holds(timing: Timing) -> Timing:
    """How lines are to fit before anything waits for them."""
    policy = TimingPolicy.FIT if timing.policy is TimingPolicy.EXTEND else timing.policy
    return timing.model_copy(update={"policy": policy})


def compute_budgets(
    lines: Sequence[Line],
    natural: Mapping[int, float],
    placements: Sequence[Placement],
    *,
    by_themselves: bool,
) -> dict[int, float]:
    """The lines that do not fit, and the seconds that each may take to do so, at natural rate.

    Those are the lines spoken faster than wanted, and those too long for their own source line
    that come too early or make the next one late. With `by_themselves` only such long ones: the
    others may just make room for these.
    """
    lengths = {line.id: line.end - line.start for line in lines}
    late = [*(one.shift for one in placements[1:]), 0.0]
    found = {}
    for one, next_shift in zip(placements, late, strict=False):
        fast = one.rate > WANTED
        long = natural[one.id] > lengths[one.id] * WANTED
        excess = max(0.0, -one.shift - SOFT_SHIFT) + max(0.0, next_shift - SOFT_SHIFT)
        if (long and (fast or excess)) or (fast and not by_themselves):
            found[one.id] = round(max(one.duration - excess, lengths[one.id]) * AIM, 2)
    return found


def _find_worst(placements: Sequence[Placement]) -> Iterator[Placement]:
    """Of rushed lines that follow one another the fastest: the others may do without it."""
    for rushed, run in groupby(placements, lambda one: one.verdict is Verdict.RUSHED):
        if rushed:
            yield max(run, key=lambda one: (one.rate, one.id))
