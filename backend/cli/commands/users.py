"""`dubline users`: accounts, for whoever runs the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from backend import settings

if TYPE_CHECKING:
    from backend.database.engine import Database


@click.group()
def users() -> None:
    """List the users, make some, admins too, and lock some out (in this house's database)."""


@users.command("list")
@click.option("--limit", default=100, show_default=True, help="How many, newest first.")
def list_(limit: int) -> None:
    """List the users, newest first."""
    from backend.identity import users as found

    with _open_house() as db:
        for user in found.list_users(db, limit=limit):
            state = "disabled" if user.disabled_at else user.role
            click.echo(f"{user.id}  {state:<8}  {user.email or user.name}")


@users.command()
@click.argument("email")
@click.option("--admin", is_flag=True, help="One who may see all users and jobs.")
@click.password_option(help="Asked for where it is not given.")
def create(email: str, admin: bool, password: str) -> None:
    """Make a user with this mail address, which counts as confirmed."""
    from backend.database.models.accounts import Role
    from backend.identity import users as found

    with _open_house() as db:
        click.echo(found.add_user(db, email, password, Role.ADMIN if admin else Role.USER))


@users.command("make-admin")
@click.argument("user", metavar="MAIL_OR_ID")
def make_admin(user: str) -> None:
    """Make a user an admin."""
    from backend.database.models.accounts import Role
    from backend.identity import users as found

    with _open_house() as db:
        found.set_role(db, found.find_user(db, user).id, Role.ADMIN)


@users.command("create-key")
@click.argument("user", metavar="MAIL_OR_ID")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
def create_key(user: str, name: str) -> None:
    """Make an API key that acts for a user, as in DUBLINE_API_KEY; it is shown this once."""
    from backend.database.models.accounts import Role
    from backend.identity import api_keys, principal
    from backend.identity import users as found

    with _open_house() as db:
        owner = found.find_user(db, user)
        scopes = principal.grant_scopes(Role(owner.role))
        acting = principal.Principal(owner.id, scopes)
        click.echo(api_keys.create_key(db, acting, name=name, scopes=scopes).secret)


@users.command()
@click.argument("user", metavar="MAIL_OR_ID")
@click.option("--undo", is_flag=True, help="Let the user in again.")
def disable(user: str, undo: bool) -> None:
    """Lock a user out: sessions end, and API keys do not work."""
    from backend.identity import users as found

    with _open_house() as db:
        found.set_disabled(db, found.find_user(db, user).id, disabled=not undo)


@users.command()
@click.argument("user", metavar="MAIL_OR_ID")
@click.option("--max-upload-bytes", type=click.IntRange(1), help="Bytes of one file.")
@click.option("--minutes-per-month", type=click.FloatRange(0), help="Minutes times languages.")
@click.option("--concurrent-jobs", type=click.IntRange(0), help="Jobs at a time.")
@click.option("--storage-bytes", type=click.IntRange(0), help="Bytes in storage.")
@click.option("--reset", is_flag=True, help="Take all back that differs from the settings.")
def quota(user: str, reset: bool, **given: float | None) -> None:
    """Tell what a user may have and has, or let them have something else; 0 is any."""
    from dataclasses import asdict

    from backend.identity import quotas
    from backend.identity import users as found

    with _open_house() as db:
        user_id = found.find_user(db, user).id
        named = {name: value for name, value in given.items() if value is not None}
        if reset or named:
            quotas.set_quotas(db, user_id, named if reset else quotas.read_own(db, user_id) | named)
        allowed = asdict(quotas.read_quotas(db, user_id, settings.load()))
        with db.read() as connection:
            used = asdict(quotas.read_usage(connection, user_id))
        for name, limit in allowed.items():
            what = f"{used[name]:g} of " if name in used else ""
            click.echo(f"{name.replace('_', ' ')}: {what}{f'{limit:.15g}' if limit else 'any'}")


@contextmanager
def _open_house() -> "Iterator[Database]":
    from backend.database import schema
    from backend.errors import DublineError
    from backend.wiring import Parts

    db = Parts(settings.load()).db
    try:
        if not schema.is_current(db):
            raise click.ClickException("The schema is not up to date: run `dubline migrate` first")
        yield db
    except DublineError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.engine.dispose()
