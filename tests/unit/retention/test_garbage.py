"""What of the storage may go."""

from datetime import UTC, datetime, timedelta

from backend.retention.garbage import ages, garbage
from backend.storage.base import StoredObject

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def written(key: str, ago: timedelta) -> StoredObject:
    return StoredObject(key, 1, NOW - ago)


def test_what_is_old_and_named_nowhere_goes():
    old, used = written("old", DAY + SECOND), written("used", 9 * DAY)
    assert garbage([old, used], {"used"}, NOW, DAY) == [old]


def test_what_may_be_on_its_way_stays():
    """Stored, but not yet committed: only its age tells it from what was left behind."""
    assert garbage([written("new", DAY), written("newer", SECOND)], set(), NOW, DAY) == []


def test_no_attempt_takes_as_long_as_what_it_stores_is_left_alone():
    assert ages(3600, 30)["jobs"] == DAY
    assert ages(48 * 3600, 30)["jobs"] == timedelta(hours=96)
    assert ages(3600, 30)["clips"] == timedelta(days=30)
