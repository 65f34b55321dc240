"""Finds a policy class by built-in name, installed entry point or file, and validates its parameters."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, overload

from netgen.document.parameters import checked_parameters
from netgen.errors import InputError, PolicySetupError, did_you_mean
from netgen.plugin_file import class_in_file
from netgen.policy.base import RelayPolicy
from netgen.policy.builtin import ForwardOnly, NeverCollaborate
from netgen.policy.service_policies import SERVICE_POLICIES, ServicePolicy
from netgen.registry import Registry

ENTRY_POINT_GROUP = "netgen.policies"

Policy = RelayPolicy | ServicePolicy
POLICY_KINDS: tuple[type, ...] = (RelayPolicy, *SERVICE_POLICIES)
"""The base classes of policies; a class may be of several kinds."""

PolicyFactory = Callable[[], RelayPolicy]
P = TypeVar("P")


def named_policies() -> Registry[type[Policy] | importlib.metadata.EntryPoint]:
    """Policies that go by a name: built-in classes, and entry points that installed packages offer.

    Raises
    ------
    PolicySetupError            Two of them have the same name.
    """
    found: Registry[type[Policy] | importlib.metadata.EntryPoint] = Registry("policy")
    found.add(ForwardOnly.name, ForwardOnly)
    found.add(NeverCollaborate.name, NeverCollaborate)
    for entry in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            found.add(entry.name, entry)
        except ValueError as error:
            raise PolicySetupError(
                f"{error}, and {entry!r} has the same name: rename or remove one"
            ) from None
    return found


def policy_kinds(policy_class: type) -> tuple[type, ...]:
    """Return the base classes of `POLICY_KINDS` that a class is of; empty when it is no policy."""
    # Not issubclass: an abstract class asks all of its subclasses, and remembers every answer for good.
    return tuple(kind for kind in POLICY_KINDS if kind in policy_class.__mro__)


def kinds_of(reference: str, *, folders: tuple[Path, ...] = ()) -> tuple[type, ...]:
    """Return the kinds of the policy that `reference` names: whether a baseline is a relay policy, for example.

    Raises as `load_policy_class` does.
    """
    return policy_kinds(load_policy_class(reference, folders=folders))


def load_policy_class(reference: str, *, folders: tuple[Path, ...] = ()) -> type[Policy]:
    """Return the policy class that `reference` names, of whatever kind.

    Parameters
    ----------
    reference : str             `file.py:Class`, a built-in name, or an entry point of `netgen.policies`.
    folders : tuple of Path     Where a relative file is looked for, in order.

    Raises
    ------
    InputError                  Nothing has that name, the file or class is missing, or it is no policy.
    PolicySetupError            The file raised while it was loaded.
    """
    if ":" in reference:
        return _from_file(reference, folders)
    known = named_policies()
    if reference not in known:
        hint = did_you_mean(reference, known)
        raise InputError(
            f'policy "{reference}" is neither built in, an installed entry point, nor "file.py:Class"{hint} '
            f"(known: {', '.join(known)})"
        )
    found = known.get(reference)
    if inspect.isclass(found):
        return found
    try:
        return _checked(found.load(), reference)
    except (KeyboardInterrupt, InputError):
        raise
    except BaseException as error:  # a package that calls sys.exit() must not end the run as if it were done
        raise PolicySetupError(f'policy "{reference}": its package failed to load: {error!r}') from error


def _from_file(reference: str, folders: tuple[Path, ...]) -> type[Policy]:
    """Load `file.py:Class`; a relative file is looked for in `folders` in order."""
    found = class_in_file("policy", reference, folders, is_one=_is_policy, failure=PolicySetupError)
    return _checked(found, reference)


def _is_policy(found: object) -> bool:
    """Whether it is a class of some kind of policy, and not the base of a kind."""
    return inspect.isclass(found) and bool(policy_kinds(found)) and found not in POLICY_KINDS


def _checked(found: object, reference: str) -> type[Policy]:
    """Return `found` when it is a policy class that can be made."""
    if inspect.isclass(found) and policy_kinds(found) and not inspect.isabstract(found):
        return cast("type[Policy]", found)
    kinds = ", ".join(kind.__name__ for kind in POLICY_KINDS)
    raise InputError(f'policy "{reference}": {found!r} is not a policy ({kinds}) with a decide() method')


@overload
def policy_factory(
    reference: str, parameters: Mapping[str, object], *, folders: tuple[Path, ...] = (), wanted_by: str = ...
) -> PolicyFactory: ...


@overload
def policy_factory(
    reference: str,
    parameters: Mapping[str, object],
    *,
    folders: tuple[Path, ...] = (),
    base: Callable[..., P],
    wanted_by: str = ...,
) -> Callable[[], P]: ...


@overload
def policy_factory(
    reference: str,
    parameters: Mapping[str, object],
    *,
    folders: tuple[Path, ...] = (),
    base: None,
    wanted_by: str = ...,
) -> Callable[[], Policy]: ...


def policy_factory(
    reference: str,
    parameters: Mapping[str, object],
    *,
    folders: tuple[Path, ...] = (),
    base: Callable[..., object] | None = RelayPolicy,
    wanted_by: str = "",
) -> Callable[[], object]:
    """Return a function that makes fresh instances of a policy, its parameters validated once, here.

    Parameters
    ----------
    reference, folders          As of `load_policy_class`.
    parameters : mapping        Keyword arguments of the class, by name.
    base : class or None        The kind of policy that is wanted, one of `POLICY_KINDS`; None for any.
    wanted_by : str             What wants it, for the message: `collaboration.continuation`.

    Raises
    ------
    InputError                  The policy is of another kind, or a parameter is unknown, missing, of the wrong
                                type, or refused by the class.
    PolicySetupError            The class has annotations that cannot be checked, or fails to start.
    """
    policy_class = load_policy_class(reference, folders=folders)
    if base is not None and base not in policy_kinds(policy_class):
        raise InputError(_wrong_kind(reference, policy_class, base, wanted_by))
    arguments = _validated(policy_class, reference, parameters)

    def make() -> Policy:
        try:
            return policy_class(**arguments)
        except (TypeError, ValueError) as error:
            raise InputError(f'policy "{reference}" with {arguments}: {error!r}') from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too
            raise PolicySetupError(f'policy "{reference}" with {arguments}: {error!r}') from error

    make()
    return make


def _wrong_kind(reference: str, policy_class: type, base: Callable[..., object], wanted_by: str) -> str:
    """Message that names the kind of a policy and the kind that is wanted."""
    is_a = " and ".join(_with_article(kind.__name__) for kind in policy_kinds(policy_class))
    wanted = _with_article(base.__name__)
    if wanted_by:
        return f'policy "{reference}" is {is_a}; {wanted_by} wants {wanted}'
    return f'policy "{reference}" is {is_a}; {wanted} is wanted here'


def _with_article(name: str) -> str:
    """`a RelayPolicy`, `an OffloadingPolicy`."""
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"


def _validated(
    policy_class: type[Policy], reference: str, parameters: Mapping[str, object]
) -> dict[str, Any]:
    """Check `parameters` against the annotated signature of the class."""
    try:
        arguments, defects = checked_parameters(policy_class, parameters)
    except PolicySetupError as error:
        raise PolicySetupError(f'policy "{reference}": {error}') from error.__cause__
    if defects:
        raise InputError(f'policy "{reference}": {defects[0].told(parameters)}')
    return arguments
