"""Refuses scenarios in which a node may be sent what it cannot decode: both ends of a bitstream must fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netgen.engine.node import Node
from netgen.engine.service import Service
from netgen.errors import InputError
from netgen.generative.action import Menu


def check_compatibility(
    services: Sequence[Service],
    *,
    nodes: Mapping[str, Node],
    menu: Menu,
    terminals: Mapping[str, Mapping[str, str]],
) -> None:
    """Raise InputError when what one node may contract is bound to a device that a later one does not have.

    The entropy decoder of a learned codec repeats the encoder's floating-point arithmetic; on another device the
    last bits differ, and from there on the decoder reads noise. An action whose `compatibility` is `device` must
    therefore be contracted and expanded on devices of one name.

    Parameters
    ----------
    services : sequence of Service
    nodes : mapping                     Nodes by name, with what they can contract and expand.
    menu : Menu                         The actions.
    terminals : mapping                 Per service the audiences whose terminals generate, with their devices.

    Raises
    ------
    InputError                          Names the action and both ends.
    """
    bound = [
        name
        for name in menu.names
        if any(action.compatibility == "device" for action in menu.variants_of(name))
    ]
    for service in services:
        for path in service.paths.values():
            way = [service.source, *(link.target for link in path)]
            for action in bound:
                for (first, made_on), (last, read_on) in _ends(
                    action, way, nodes, terminals.get(service.name, {})
                ):
                    if made_on != read_on:
                        raise InputError(
                            f'actions.{action}: what "{first}" contracts on {made_on} cannot be expanded by "{last}" '
                            f'on {read_on} (service "{service.name}"): its bitstream decodes only on the device that '
                            f"made it; accepted: the same device at both, or actions: without {action} at one of them"
                        )


def _ends(
    action: str, way: Sequence[str], nodes: Mapping[str, Node], terminals: Mapping[str, str]
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Yield every contracting node of a way with every later place that can expand, each with its device."""
    for position, first in enumerate(way):
        node = nodes.get(first)
        if node is None or node.gpu is None or action not in node.contractions:
            continue
        made_on = (first, node.gpu.device.name)
        for last in way[position:]:
            other = nodes.get(last)
            if other is not None and other.gpu is not None and action in other.expansions:
                yield made_on, (last, other.gpu.device.name)
        for audience, device in terminals.items():
            yield made_on, (f"the terminals of {audience}", device)
