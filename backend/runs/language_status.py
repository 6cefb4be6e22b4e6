"""Where each target language of a run stands, written down whenever its stages' state changes.

Only settle.py calls this, within the transaction that changes that state.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, bindparam, update

from backend.database.models.runs import LanguageTask
from backend.pipeline.stages import ORDER, Stage
from backend.pipeline.states import LanguageStatus, StageState, language_progress, language_status


def write(
    connection: Connection, run_id: UUID, language: str, stages: Mapping[Stage, StageState]
) -> bool:
    """Bring one language, or after `asr` all that waited for it, in line with its stages.

    Returns whether there was one.
    """
    standing = {"status": language_status(stages), "progress": language_progress(stages)}
    statement = _ONE if language else _UNHEARD
    written = connection.execute(statement, {"of_run": run_id, "of_language": language, **standing})
    return written.rowcount > 0


def move_on(connection: Connection, run_id: UUID, language: str, done: Stage) -> bool:
    """Show the stage after the one that is done; returns whether a chain goes on."""
    past = ORDER[: ORDER.index(done) + 1]
    states = {s: StageState.SUCCEEDED if s in past else StageState.WAITING for s in ORDER}
    return write(connection, run_id, language, states)


def exporting(connection: Connection, run_id: UUID, language: str) -> None:
    """Show that what was mixed is being stored."""
    status = {"status": LanguageStatus.EXPORTING}
    connection.execute(_STATUS, {"of_run": run_id, "of_language": language, **status})


# Built once: to build a statement takes as long as to execute several.
_EACH = (
    update(LanguageTask)
    .where(LanguageTask.run_id == bindparam("of_run"))
    .values(status=bindparam("status"), progress=bindparam("progress"))
)
_ONE = _EACH.where(LanguageTask.language == bindparam("of_language"))
_UNHEARD = _EACH.where(LanguageTask.status.in_((LanguageStatus.QUEUED, LanguageStatus.STT)))
_STATUS = (
    update(LanguageTask)
    .where(
        LanguageTask.run_id == bindparam("of_run"),
        LanguageTask.language == bindparam("of_language"),
    )
    .values(status=bindparam("status"))
)
