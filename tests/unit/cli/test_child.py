"""When a process that ended is started again."""

import pytest

from backend.cli.child import MOST_RESTARTS, may_restart


@pytest.mark.parametrize(
    ("errors", "again"),
    [
        ([""], True),
        ([""] * MOST_RESTARTS, True),  # killed each time
        ([""] * (MOST_RESTARTS + 1), False),
        (["ImportError: x"], True),
        (["ImportError: x", "ImportError: x"], False),
        (["ImportError: x", "", "ImportError: x"], True),
        (["ImportError: x", "KeyError: 'y'"], True),
    ],
)
def test_who_ends_by_the_same_error_twice_is_not_started_again(errors, again):
    assert may_restart(errors) is again
