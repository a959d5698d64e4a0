"""What users write themselves. A new kind of it is a file here, and a line in `MAKERS`."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from types import FunctionType
from typing import Any

from simcore.custom.draws import DrawMaker, StepMaker, UserDraw, draw, step
from simcore.custom.features import feature, feature_of
from simcore.custom.source import BUILTINS, MODULES, UserMade, plain
from simcore.errors import RecipeError

__all__ = ["UserDraw", "UserMade", "draw", "feature", "step", "user_function"]

MAKERS: dict[str, Callable[[FunctionType, str], Any]] = {"feature": feature_of, "draw": DrawMaker, "step": StepMaker}


def user_function(name: str, source: Any) -> Any:
    """Return what the stored source of a feature or draw makes: code of the recipe's author runs here."""
    try:
        tree = ast.parse(str(source))
    except SyntaxError as error:
        raise RecipeError(f"code.{name}: {error.msg}") from None
    definition = tree.body[0] if len(tree.body) == 1 else None
    decorators = [ast.unparse(d) for d in definition.decorator_list] if isinstance(definition, ast.FunctionDef) else []
    if (
        not isinstance(definition, ast.FunctionDef)
        or definition.name != name
        or decorators not in ([f"sc.{kind}"] for kind in MAKERS)
    ):
        raise RecipeError(
            f"code.{name}: must be one function {name} under one of {', '.join(f'@sc.{kind}' for kind in MAKERS)}"
        )
    definition.decorator_list = []
    space: dict[str, Any] = {**MODULES, "__builtins__": {word: getattr(builtins, word) for word in BUILTINS}}
    exec(compile(tree, f"<{name}>", "exec"), space)  # only after the user said that the code is trusted
    function = plain(space[name])
    return MAKERS[decorators[0].removeprefix("sc.")](function, str(source))
