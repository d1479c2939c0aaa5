"""What every command shares: the program, how a result or a problem is shown, and with which exit code it ends."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn, ParamSpec, get_type_hints

import typer
from rich.console import Console
from typer.models import ArgumentInfo, OptionInfo

from relaypoint.app.settings import Settings
from relaypoint.domain.errors import Invalid, Problem

P = ParamSpec("P")

#: Whatever of a command line can't be understood: where its name is kept differs between versions of the library.
_USAGE: Any = typer.BadParameter.__base__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find the contact that can take a case, send the referral, and see what has stalled.",
    epilog="Exit codes: 0 done; 1 nothing fits or something is amiss; 2 bad input; 3 conflict, or a move that the "
    "step's status or your side does not allow; 5 store unavailable.",
)
out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)

audits = typer.Typer(no_args_is_help=True, help="Whether the records are whole.")
app.add_typer(audits, name="audit")
statuses = typer.Typer(no_args_is_help=True, help="How far organizations and services can operate now.")
app.add_typer(statuses, name="status")
guides = typer.Typer(no_args_is_help=True, help="Guidance for contact points, and who has acknowledged it.")
app.add_typer(guides, name="guidance")
joint = typer.Typer(no_args_is_help=True, help="Requests to meet, or to be let in somewhere.")
app.add_typer(joint, name="joint")
places = typer.Typer(no_args_is_help=True, help="Where people are received, held or stopped.")
app.add_typer(places, name="facility")
rounds = typer.Typer(no_args_is_help=True, help="Ask who still holds what, and try whether channels are answered.")
app.add_typer(rounds, name="round")
proposed = typer.Typer(no_args_is_help=True, help="What is proposed to be changed in others' entries.")
app.add_typer(proposed, name="proposal")
keys = typer.Typer(no_args_is_help=True, help="Keys by which programs of one's own ask.")
app.add_typer(keys, name="key")
hooks = typer.Typer(no_args_is_help=True, help="Programs of one's own that are told of events (Standard Webhooks).")
app.add_typer(hooks, name="webhook")
contingencies = typer.Typer(
    no_args_is_help=True, help="When normal ways are closed: rehearse, declare, renew and end contingency."
)
app.add_typer(contingencies, name="contingency")


def command(
    name: str, group: typer.Typer = app
) -> Callable[[Callable[P, Coroutine[Any, Any, int]]], Callable[P, None]]:
    """Declares a command: what it raises as a problem is printed with its remedy, never as a stack trace."""

    def declare(work: Callable[P, Coroutine[Any, Any, int]]) -> Callable[P, None]:
        @functools.wraps(work)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                code = asyncio.run(work(*args, **kwargs))
            except Problem as problem:
                told(problem, bool(kwargs.get("as_json")), _typed(work))
                raise typer.Exit(problem.exit_code) from None
            except KeyboardInterrupt:
                raise typer.Exit(130) from None
            except BrokenPipeError:
                sys.stderr.close()
                raise typer.Exit(0) from None
            raise typer.Exit(code)

        group.command(name)(run)
        return run

    return declare


def main() -> NoReturn:
    """Runs the command of this process. Where it is asked for JSON, a command line that can't be understood is told in
    JSON as well: a machine reads no text box."""
    if "--json" not in sys.argv[1:]:
        app()
    try:
        code = app(standalone_mode=False)
    except _USAGE as error:
        name = next(iter(getattr(getattr(error, "param", None), "opts", ())), "")
        problem = Invalid(
            "commands.usage",
            "{what}",
            path=(name,) if name.startswith("--") else (),
            remedy="Look at the command's --help for what it takes.",
            what=error.format_message(),
        )
        told(problem, as_json=True)
        code = problem.exit_code
    sys.exit(code)


def told(problem: Problem, as_json: bool, typed: Mapping[str, str] = MappingProxyType({})) -> None:
    """Prints a problem; ``typed`` is how what is at fault is typed, as ``_typed`` gives it."""
    if as_json:
        numbers = {"emergency": problem.emergency} if problem.emergency else {}
        print(json.dumps({"error": problem.as_dict(), **numbers}, ensure_ascii=False))
    else:
        where = f" [{_place(problem.path, typed)}]" if problem.path else ""
        err.print(_visible(f"{problem.message}{where}"), style="bold red", markup=False)
        if problem.remedy:
            err.print(_visible(problem.remedy), markup=False)


def _visible(text: str) -> str:
    """What was typed may hold what would steer the terminal."""
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)


#: What the fields of a GraphQL input may lie in; nobody types that.
_INPUTS: Final = frozenset(
    {
        *("need", "send", "move", "pass", "filter", "split", "consent", "view", "shift", "declare", "status", "end"),
        *("edit", "start", "ask", "webhook"),
    }
)
#: What is typed for a field that no option or argument of a command is named like.
_OTHERWISE: Final = {
    **dict.fromkeys(("key", "handoff", "referral"), "ID"),
    **dict.fromkeys(("service", "services", "serviceType", "also"), "--service"),
    "languages": "--language",
    "takenFrom": "--from",
    "corrections": "--correct",
    "due": "--by",
    "ids": "ID",
}


def _typed(work: Callable[..., Any]) -> dict[str, str]:
    """How the parameters of a command are typed, by the options that they would be after their names and by those that
    they are."""
    found = {}
    for name, hint in get_type_hints(work, include_extras=True).items():
        for told_by in getattr(hint, "__metadata__", ()):
            if isinstance(told_by, ArgumentInfo):
                found[f"--{name.replace('_', '-')}"] = told_by.metavar or name.upper()
            elif isinstance(told_by, OptionInfo):
                own = f"--{name.replace('_', '-')}"
                # The first one stands where a default would.
                given = (told_by.default, *(told_by.param_decls or ()))
                options = [each for each in given if isinstance(each, str) and each.startswith("--")] or [own]
                found |= {own: options[0], **{each: each for each in options}}
    return found


def option_of(field: str) -> str:
    """A field of the GraphQL input as the option that a person types: ``--reply-to`` for ``replyTo``."""
    return "--" + "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in field)


def _place(path: tuple[str, ...], typed: Mapping[str, str]) -> str:
    """A path of the GraphQL input as the argument or option that a person typed."""
    field, *rest = path
    if field in _INPUTS and rest:
        field, *rest = rest
    word = typed.get(option_of(field)) or _OTHERWISE.get(field, field)
    return " ".join((word, *(str(int(each) + 1) if each.isdecimal() else each for each in rest)))


def tell(as_json: bool, data: Any, shown: Callable[[], None]) -> None:
    """JSON for a machine, or what ``shown`` prints for a person."""
    if as_json:
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        shown()


def write_text(path: Path, text: str, option: str) -> None:
    """Writes what an option asks to be written. Raises ``Invalid`` where that can't be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise Invalid(
            "commands.file",
            "{file} can't be written: {why}.",
            path=(option,),
            remedy="Name a file in a folder that is there.",
            file=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None


def whom(given: str | None, settings: Settings) -> str | None:
    """Whom to act for. An empty value, as an unset variable leaves, must not mean the operator."""
    if given is not None and not given.strip():
        raise Invalid("as.empty", "--as names no organization.", path=("--as",), remedy="Name one, or leave --as out.")
    return given or settings.organization
