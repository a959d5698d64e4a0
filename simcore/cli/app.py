"""What all commands share: the application, arguments of one meaning, how a recipe is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simcore.recipe import Recipe

app = typer.Typer(
    help="Describe a microscope experiment, look at it, generate training sets from it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def whole_number(text: str) -> int:
    """A whole number, also as ``1e6`` or ``10_000``."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not number.is_integer() or abs(number) >= 2**53:  # beyond, a float no longer says which number is meant
        raise typer.BadParameter(f"{text!r} is not a whole number")
    return int(number)


RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe (YAML).")]
Count = Annotated[int, typer.Option(parser=whole_number, metavar="N", help="Number of examples; 1e6 is fine.")]
Seed = Annotated[int, typer.Option(parser=whole_number, metavar="N", help="0 <= seed < 2**128.")]
Trust = Annotated[bool, typer.Option("--trust", help="Run the code that the recipe holds.")]
DatasetPath = Annotated[str, typer.Argument(metavar="DATASET", help="A path or URL.")]


def load(path: Path, trust: bool) -> "Recipe":
    """Read a recipe file."""
    import simcore  # noqa: PLC0415  (so that --help does not wait for it)

    return simcore.load(path, trust=trust)
