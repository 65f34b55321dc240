"""Nodes of a scenario: their GPUs, what they can do, and the policies that decide in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import simpy

from netgen.engine.gpu import Gpu
from netgen.engine.node import CHANNEL, Decider, Node, NodeBooks
from netgen.errors import InputError, ModelRangeError
from netgen.generative.action import GenerativeAction, Menu
from netgen.generative.device import Device, find_device, load_devices
from netgen.generative.service_time import service_time
from netgen.policy import policy_factory
from netgen.policy.loading import PolicyFactory
from netgen.rng import Streams
from netgen.schema.network import Gpu as GpuSpec
from netgen.schema.network import TowerNode
from netgen.schema.scenario import Scenario
from netgen.topology.outages import NOTHING_DOWN, Outages
from netgen.transport.clock import to_ns
from netgen.world.names import air_of
from netgen.world.towers import tower_pipes


@dataclass(frozen=True, slots=True)
class Skills:
    """What a node's GPU can do, and why it cannot do the rest."""

    contractions: tuple[str, ...] = ()
    expansions: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def build_device(name: str, spec: GpuSpec, *, measured: frozenset[str] = frozenset()) -> Device:
    """The device of a node with what the scenario changes.

    A device that no table knows, but on which an action of the scenario was measured, is known by that.

    Raises
    ------
    InputError                  No such device, or its memory is known to nobody.
    """
    if spec.device in measured and spec.device not in load_devices():
        device = Device(spec.device, "cpu", None, None, None, None, None)
    else:
        device = find_device(spec.device)
    changes = {
        "streams": spec.streams,
        "memory_bytes": spec.memory_bytes,
        "load_rate_byte_per_s": spec.load_rate_bytes_per_s,
        "idle_power_w": spec.idle_power_w,
    }
    try:
        device = replace(device, **{key: value for key, value in changes.items() if value is not None})  # type: ignore[arg-type]
    except ValueError as error:
        raise InputError(f"nodes.{name}.gpu: {error}") from None
    if device.memory_bytes is None:
        raise InputError(f"nodes.{name}.gpu: the memory of {device.name} is not known; give memory")
    return device


def find_skills(device: Device, names: tuple[str, ...], menu: Menu) -> Skills:
    """Which actions a device can do in which direction, by trying their profiles on it.

    An action counts when it can be done for every class of content that the scenario has.
    """
    able: dict[str, list[str]] = {"contract": [], "expand": []}
    refusals = []
    for name in names:
        for direction, found in able.items():
            refused = [_refusal(action, direction, device) for action in menu.variants_of(name)]
            refusals += [f"{name}: {reason}" for reason in refused if reason is not None]
            if not any(refused):
                found.append(name)
    return Skills(tuple(able["contract"]), tuple(able["expand"]), tuple(dict.fromkeys(refusals)))


def _refusal(action: GenerativeAction, direction: str, device: Device) -> str | None:
    """Why a device cannot do one direction of an action, at its point for one class of content; or None."""
    if action.memory_bytes > (device.memory_bytes or 0):
        return f"needs {action.memory_bytes} byte of memory, {device.name} has {device.memory_bytes}"
    work = action.work(direction)
    if work is None:
        return f"its profile gives no time to {direction}"
    try:
        service_time(work, device, frames=1, pixels=1, duration_s=1.0)
    except ModelRangeError as error:
        return str(error)
    return None


def build_nodes(
    scenario: Scenario,
    streams: Streams,
    env: simpy.Environment,
    *,
    menu: Menu,
    failures: Mapping[str, Outages] = NOTHING_DOWN,
    forced_policy: str | None = None,
) -> tuple[dict[str, Node], tuple[str, ...]]:
    """Make every node, with notes on what their devices cannot do.

    `forced_policy` replaces all policies (for a baseline); `failures` are outages of GPUs by the name of their node.

    A policy is asked at nodes that have a GPU or name a policy of their own; elsewhere there is nothing
    to decide, and segments pass.

    Raises
    ------
    InputError                  A device or policy is unknown, or a node is told to run an action that its
                                device cannot run in either direction.
    """
    interval_ns, end_ns = to_ns(scenario.interval_s), to_ns(scenario.duration_s)
    intervals = -(-end_ns // interval_ns)
    factories = {name: _factory(name, scenario) for name in _used_policies(scenario, forced_policy)}
    nodes: dict[str, Node] = {}
    notes: list[str] = []
    for name, spec in scenario.nodes.items():
        gpu, skills = None, Skills()
        if spec.gpu is not None:
            device = build_device(name, spec.gpu, measured=menu.devices)
            down = failures.get(name, Outages.none())
            gpu = Gpu(env, device, interval_ns=interval_ns, end_ns=end_ns, outages=down)
            allowed = menu.names if spec.actions is None else spec.actions
            skills = find_skills(device, allowed, menu)
            notes += [f"node {name} cannot run {refusal}" for refusal in skills.refusals]
            for action in spec.actions or ():
                if action not in {*skills.contractions, *skills.expansions}:
                    why = "; ".join(text for text in skills.refusals if text.startswith(f"{action}:"))
                    raise InputError(f"nodes.{name}.actions: {device.name} cannot run {why}")
        deciders: dict[str, Decider] = {}
        if gpu is not None or spec.policy is not None:
            for service, service_spec in scenario.services.items():
                policy = forced_policy or spec.policy or service_spec.policy
                deciders[service] = Decider(
                    policy, factories[policy](), streams.get(f"policy/{name}/{service}")
                )
        nodes[name] = Node(
            name, spec.kind, gpu, skills.contractions, skills.expansions, deciders, NodeBooks(intervals)
        )
        if isinstance(spec, TowerNode):
            for pipe in tower_pipes(name, spec):
                air = air_of(name, pipe)
                nodes[air] = Node(air, CHANNEL, None, (), (), {}, NodeBooks(intervals))
    return nodes, tuple(notes)


def _used_policies(scenario: Scenario, forced_policy: str | None) -> list[str]:
    """Names of the policies that a run asks, in a fixed order."""
    if forced_policy is not None:
        return [forced_policy]
    named = [node.policy for node in scenario.nodes.values()] + [s.policy for s in scenario.services.values()]
    return list(dict.fromkeys(name for name in named if name is not None))


def _factory(name: str, scenario: Scenario) -> PolicyFactory:
    """What makes the instances of a policy of the scenario; a bare built-in name needs no entry."""
    if name in scenario.policies:
        reference = scenario.policies[name]
        return policy_factory(reference.use, reference.parameters)
    return policy_factory(name, {})
