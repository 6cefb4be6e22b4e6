"""What workers have told that they can do: the API knows no engine itself."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import delete, insert, select

from backend.database.engine import Database, from_now
from backend.database.models.offers import WorkerOffer
from backend.pipeline.offers import Offer, merge_offers

# A machine whose worker has not told anything for a day is gone.
TELL_AGAIN_S, FORGET_S = 6 * 3600, 24 * 3600
_LIVES = WorkerOffer.told_at > from_now(-FORGET_S)


def tell_offer(db: Database, machine: str, offer: Offer) -> None:
    """Write down what the workers of a machine can do, in place of what they told before.

    What machines told that are gone is removed.
    """
    row = {"machine": machine, "offer": offer.model_dump(mode="json")}
    with db.write() as connection:
        connection.execute(delete(WorkerOffer).where((WorkerOffer.machine == machine) | ~_LIVES))
        connection.execute(insert(WorkerOffer).values(row))


def read_offer(db: Database) -> Offer:
    """What all workers can do between them; of nobody while none has told."""
    with db.read() as connection:
        told = connection.execute(
            select(WorkerOffer.machine, WorkerOffer.told_at).where(_LIVES)
        ).all()
    return _load_once(db, tuple((row.machine, row.told_at) for row in told))


@lru_cache(8)  # every job that is asked for is held against it, and it changes once in a while
def _load_once(db: Database, _: tuple[tuple[str, datetime], ...]) -> Offer:
    with db.read() as connection:
        told = connection.execute(
            select(WorkerOffer.offer).where(_LIVES).order_by(WorkerOffer.machine)
        )
        return merge_offers(Offer.model_validate(one) for one in told.scalars())
