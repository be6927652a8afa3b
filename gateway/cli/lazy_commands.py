"""Commands of which a group knows name and summary: the module of one is imported when it is called, not before."""

from pkgutil import resolve_name
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class LazyCommand(TyperCommand):
    """Stands in its group's help and completion for the command at `target`, as `module:attribute`.

    The target is a function, or a `typer.Typer` with commands. `summary` is the first paragraph of its help; a test
    compares them. `options` are those of `typer.Typer.command`.
    """

    def __init__(self, name: str, target: str, summary: str, **options: Any) -> None:
        super().__init__(name, help=summary)
        self._target, self._options = target, options

    def load(self) -> Any:
        """The command itself: a `TyperCommand`, or a `TyperGroup`."""
        target, parent = resolve_name(self._target), typer.Typer()
        if isinstance(target, typer.Typer):
            parent.add_typer(target, name=self.name, no_args_is_help=True)
        else:
            parent.command(self.name, **self._options)(target)
        (command,) = typer.main.get_group(parent).commands.values()
        return command

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """The context of the command itself: that one is run or completed, and prints its help."""
        return self.load().make_context(*args, **extra)


class LazyGroup(TyperGroup):
    """A group of the commands of `lazy`, in this order: the `cls` of a `typer.Typer`."""

    lazy: ClassVar[tuple[LazyCommand, ...]] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for command in self.lazy:
            self.add_command(command)
