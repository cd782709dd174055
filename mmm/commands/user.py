"""`mmm user`: people and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mmm.access import Role
from mmm.commands.installation import opened
from mmm.errors import NotFoundError

if TYPE_CHECKING:
    from mmm.access import Actor
    from mmm.services import Services
    from mmm.services.users import Invitation, UserInfo

app = typer.Typer(help="People and their roles.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="Sign-in name.")]
Roles = Annotated[list[Role], typer.Option("--role", help="A role; may be given several times.")]


@app.command("list")
def list_users() -> None:
    """Show everybody with their roles and state."""
    with opened(Role.ADMIN) as (services, operator):
        for user in services.users.list(operator):
            typer.echo(_line(user))


@app.command()
def create(
    username: Username,
    role: Roles,
    name: Annotated[str, typer.Option(help="The person's name as shown to others.")] = "",
) -> None:
    """Create a person and print a one-time password."""
    with opened(Role.ADMIN) as (services, operator):
        _hand_over(services.users.create(operator, username=username, display_name=name, roles=role))


@app.command()
def reset(username: Username) -> None:
    """Print a new one-time password, lift a lock, end the person's sessions."""
    with opened(Role.ADMIN) as (services, operator):
        _hand_over(services.users.reset_password(operator, _id_of(services, operator, username)))


@app.command()
def roles(username: Username, role: Roles) -> None:
    """Replace a person's roles."""
    with opened(Role.ADMIN) as (services, operator):
        typer.echo(_line(services.users.set_roles(operator, _id_of(services, operator, username), role)))


@app.command()
def deactivate(username: Username) -> None:
    """Shut a person out at once."""
    with opened(Role.ADMIN) as (services, operator):
        typer.echo(_line(services.users.deactivate(operator, _id_of(services, operator, username))))


@app.command()
def activate(username: Username) -> None:
    """Let a person sign in again."""
    with opened(Role.ADMIN) as (services, operator):
        typer.echo(_line(services.users.activate(operator, _id_of(services, operator, username))))


def _id_of(services: Services, operator: Actor, username: str) -> str:
    for user in services.users.list(operator):
        if user.username == username.lower():
            return user.id
    raise NotFoundError(f"Nobody is called “{username}”; “mmm user list” shows everybody.")


def _hand_over(invitation: Invitation) -> None:
    typer.echo(f"{invitation.user.username}  {invitation.one_time_password}")
    typer.echo("This one-time password is shown once and must be changed at its first use.", err=True)


def _line(user: UserInfo) -> str:
    state = "" if user.active else "  deactivated"
    if user.locked_until is not None:
        state += f"  locked until {user.locked_until:%Y-%m-%d %H:%M} UTC"
    if user.must_change_password:
        state += "  one-time password"
    return f"{user.username:<20} {', '.join(sorted(user.roles)):<30}{state}"
