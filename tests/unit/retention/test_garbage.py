"""What of the storage may go."""

from datetime import UTC, datetime, timedelta

from backend.retention.garbage import choose_garbage, compute_ages
from backend.storage.base import StoredObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def build_object(key: str, ago: timedelta) -> StoredObject:
    return StoredObject(key, 1, NOW - ago)


def test_what_is_old_and_named_nowhere_goes():
    old, used = build_object("old", DAY + SECOND), build_object("used", 9 * DAY)
    assert choose_garbage([old, used], {"used"}, NOW, DAY) == [old]


def test_what_may_be_on_its_way_stays():
    """Stored, but not yet committed: only its age tells it from what was left behind."""
    assert (
        choose_garbage([build_object("new", DAY), build_object("newer", SECOND)], set(), NOW, DAY)
        == []
    )


def test_no_attempt_takes_as_long_as_what_it_stores_is_left_alone():
    assert compute_ages(3600, 30)["jobs"] == DAY
    assert compute_ages(48 * 3600, 30)["jobs"] == timedelta(hours=96)
    assert compute_ages(3600, 30)["clips"] == timedelta(days=30)
