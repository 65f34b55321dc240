"""Finds an executable action: a shipped variant, an installed entry point, or a class in a file."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import cast

from netgen.actions.contract import VideoAction
from netgen.catalogue.variants import VARIANTS
from netgen.errors import InputError, did_you_mean
from netgen.plugin_file import class_in_file
from netgen.registry import Registry

ENTRY_POINT_GROUP = "netgen.actions"


def known_actions() -> tuple[str, ...]:
    """Return the names that `find_action` knows: shipped variants, and entry points of installed packages.

    Raises
    ------
    InputError                  Two of them have the same name.
    """
    return tuple(_named())


def find_action(
    reference: str,
    parameters: Mapping[str, int | str] = MappingProxyType({}),
    *,
    folders: tuple[Path, ...] = (),
) -> VideoAction:
    """Return a new instance of an action; arguments as of `action_factory`."""
    return action_factory(reference, parameters, folders=folders)()


class ActionFactory:
    """Makes new instances of an action; the class behind the reference is found once, here.

    It can be sent to another process by pickle, where the class is found again.

    Parameters
    ----------
    reference : str             A variant's name, an entry point of `netgen.actions`, or `file.py:Class`.
    parameters : mapping        Parameters of the class; a shipped variant has its own, and takes no others.
    folders : tuple of Path     Where a relative file is looked for, in order, before the current one.

    Raises
    ------
    InputError                  Nothing has that name, the file or class is missing or fails to load, or it is no
                                action.
    """

    def __init__(
        self, reference: str, parameters: Mapping[str, int | str], folders: tuple[Path, ...] = ()
    ) -> None:
        self.reference, self.parameters, self.folders = reference, dict(parameters), folders
        self._make = self._found()

    def __call__(self) -> VideoAction:
        """Return a new instance.

        Raises
        ------
        InputError              A parameter is refused, an extra is not installed, or the class cannot be made.
        """
        try:
            return self._make()
        except (KeyboardInterrupt, InputError):
            raise
        except (
            BaseException
        ) as error:  # SystemExit too: what a plug-in's constructor raises is told in one line
            with_these = f" with {self.parameters}" if self.parameters else ""
            raise InputError(f'action "{self.reference}"{with_these} cannot be made: {error!r}') from error

    def __reduce__(self) -> tuple[object, ...]:
        return ActionFactory, (self.reference, self.parameters, self.folders)

    def _found(self) -> Callable[[], VideoAction]:
        """Find what makes an instance."""
        reference = self.reference
        if ":" in reference:
            return partial(_from_file(reference, self.folders), **self.parameters)
        named = _named()
        if reference not in named:
            hint = did_you_mean(reference, named)
            raise InputError(
                f'action "{reference}" is neither shipped, an installed entry point, nor "file.py:Class"{hint} '
                f"(known: {', '.join(named)})"
            )
        entry = named.get(reference)
        if entry is not None:
            return partial(_from_entry_point(entry, reference), **self.parameters)
        if self.parameters:
            raise InputError(
                f'action "{reference}" is a shipped variant and takes no parameters; '
                f"got: {', '.join(sorted(self.parameters))}"
            )
        return VARIANTS[reference].make


def action_factory(
    reference: str,
    parameters: Mapping[str, int | str] = MappingProxyType({}),
    *,
    folders: tuple[Path, ...] = (),
) -> ActionFactory:
    """Return what makes new instances of an action; parameters and errors as of `ActionFactory`."""
    return ActionFactory(reference, parameters, folders)


def _named() -> Registry[importlib.metadata.EntryPoint | None]:
    """Names, each with its entry point, or None for a shipped variant."""
    named: Registry[importlib.metadata.EntryPoint | None] = Registry("action")
    for name in VARIANTS:
        named.add(name, None)
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            named.add(entry.name, entry)
        except ValueError as error:
            raise InputError(f"{error}, and {entry!r} has the same name: rename or remove one") from None
    return named


def _from_entry_point(entry: importlib.metadata.EntryPoint, reference: str) -> type[VideoAction]:
    """Load the class that an installed package offers."""
    try:
        found = entry.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a package that calls sys.exit() must not end the run as if it were done
        raise InputError(f'action "{reference}": its package failed to load: {error!r}') from error
    return _checked(found, reference)


def _from_file(reference: str, folders: tuple[Path, ...]) -> type[VideoAction]:
    """Load `file.py:Class`; a relative file is looked for in `folders` in order."""
    return _checked(class_in_file("action", reference, folders, is_one=_is_action), reference)


def _is_action(found: object) -> bool:
    """Whether it is an action class that can be made."""
    return inspect.isclass(found) and issubclass(found, VideoAction) and not inspect.isabstract(found)


def _checked(found: object, reference: str) -> type[VideoAction]:
    """Return `found` when it is an action class that can be made."""
    if _is_action(found):
        return cast("type[VideoAction]", found)
    if inspect.isclass(found) and issubclass(found, VideoAction):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise InputError(f'action "{reference}": {found.__name__} does not define {missing}')
    raise InputError(
        f'action "{reference}": {found!r} is not a subclass of netgen.actions.contract.VideoAction'
    )
