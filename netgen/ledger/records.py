"""What happened, as flat records: one frozen class per table of the run directory.

The fields carry their unit and meaning as metadata; the Parquet schemas and the field tables in the
documentation are generated from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a segment ended for its receivers."""

    DELIVERED = "delivered"
    LATE = "late"
    LOST = "lost"
    IN_FLIGHT = "in-flight"


class LossReason(StrEnum):
    """Why a segment was lost; empty where it was not."""

    NONE = ""
    INCOMPLETE = "incomplete"
    POLICY_DROP = "policy-drop"
    UNPLAYABLE = "unplayable"
    BELOW_FIDELITY = "below-fidelity"
    OVERDUE = "overdue"
    OUT_OF_COVERAGE = "out-of-coverage"
    OUTAGE = "outage"
    RECEPTION = "reception"
    BLOCKED = "blocked"
    UNREPAIRED = "unrepaired"
    RATED_BAD = "rated-bad"


def _of(unit: str, meaning: str) -> Any:  # noqa: ANN401  (dataclasses.field is Any to the checker as well)
    """A field with its unit and meaning."""
    return field(metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """One link in one interval: the semantic-capacity ledger (links.parquet)."""

    link: str = _of("", "name of the link")
    start_s: float = _of("s", "start of the interval")
    length_s: float = _of("s", "length of the interval")
    capacity_bits: float = _of("bit", "integral of the capacity over the interval")
    carried_bits: int = _of("bit", "bits put on the link, repeats included")
    discriminative_bits: int = _of("bit", "carried bits of conventional bitstreams")
    generative_bits: int = _of("bit", "carried bits that steer a generative model")
    background_bits: int = _of("bit", "carried bits of background traffic")
    lost_bits: int = _of("bit", "bits dropped at the full queue or lost on the way after all repeats")
    retransmitted_bits: int = _of("bit", "carried bits that were repeats of the link layer")
    semantic_bits: float = _of("bit", "semantic bits of distinct segments carried; a copy counts once")
    semantic_capacity_bits: float = _of("bit", "most semantic bits the link could have carried")
    semantic_utilisation: float = _of("", "semantic_bits / semantic_capacity_bits")
    semantic_gain: float | None = _of(
        "", "semantic bits per carried bit of contents, over the same ratio without contraction"
    )


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node in one interval: GPU and queue use, energy (nodes.parquet)."""

    node: str = _of("", "name of the node")
    start_s: float = _of("s", "start of the interval")
    length_s: float = _of("s", "length of the interval")
    gpu_busy_s: float = _of("s", "stream-seconds of contracting and expanding")
    gpu_load_s: float = _of("s", "stream-seconds of loading models (cold starts)")
    gpu_jobs: int = _of("", "jobs finished")
    gpu_queue: int = _of("", "jobs waiting at the end of the interval")
    deadline_misses: int = _of("", "actions given up because they would have missed the deadline")
    energy_joule: float | None = _of(
        "J", "energy of the GPU, idle power included; null when its power is not known"
    )
    contracted: int = _of("", "segments contracted")
    expanded: int = _of("", "segments expanded")
    forwarded: int = _of("", "segments forwarded by decision")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step in the history of a segment."""

    kind: str = _of("", "source, link, contract, expand, forward, rate, receive")
    where: str = _of("", "node or link")
    start_s: float = _of("s", "when the step began: first bit in, job submitted")
    end_s: float = _of("s", "when it ended: last bit out, job done")
    bits: int = _of("bit", "bits that left the step")
    semantic_bits: float = _of("bit", "semantic bits that left the step")


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One segment of one service for one receiver node: its whole history (segments.parquet)."""

    service: str = _of("", "name of the service")
    content: str = _of("", "name of the content")
    index: int = _of("", "number of the segment, from 0")
    receiver: str = _of("", "node that received it, or should have")
    source_kind: str = _of("", "broadcast, cellular or wired")
    purpose: str = _of("", "stream, or repair of what a broadcast lost")
    warmup: bool = _of("", "offered during the warm-up; left out of the summary")
    users: int = _of("", "users at the receiver who were to get it")
    users_delivered: int = _of("", "users who got it complete, on time or late")
    users_late: int = _of("", "users who got it after the deadline")
    offered_s: float = _of("s", "when the source offered it")
    completed_s: float | None = _of("s", "when the receiver had all of it; mean over users, null without any")
    delay_s: float | None = _of("s", "completed_s - offered_s")
    deadline_s: float | None = _of("s", "longest delay that is on time")
    outcome: str = _of("", "delivered, late, lost or in-flight")
    reason: str = _of("", "why it was lost")
    mode: str = _of("", "coding mode in which it was delivered; source when never contracted")
    contracted_by: str = _of("", "action that contracted it; empty when none")
    generated: bool = _of("", "whether it was expanded by a generative model on the way")
    source_bits: int = _of("bit", "size of the source representation")
    received_bits: int = _of("bit", "bits that the last hop delivered, per user")
    cell_bits: int = _of(
        "bit", "what cells sent of it that came complete: once per user, a multicast once per cell or sector"
    )
    semantic_bits_offered: float = _of("bit", "meaning of the segment, per user")
    semantic_bits_delivered: float = _of("bit", "meaning delivered, mean over users")
    semantic_fidelity: float = _of("", "share of the meaning that the delivered representation holds")
    fidelity_provenance: str = _of("", "where the fidelity comes from: exact ... declared")
    psnr_db: float | None = _of("dB", "PSNR of what is shown; null where no profile gives it")
    ms_ssim: float | None = _of("", "MS-SSIM of what is shown; null where no profile gives it")
    quality_measured: bool = _of("", "whether these were measured on its own frames, in a live run")
    measured_fidelity: float | None = _of(
        "", "estimate of the share of the meaning that its own frames keep; null but in a live run"
    )
    vmaf: float | None = _of("", "VMAF of its own frames; null but in a live run that measures it")
    path: tuple[str, ...] = _of("", "nodes passed")
    stages: tuple[Stage, ...] = _of("", "history step by step")


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user and service: what was delivered (users.parquet)."""

    user: str = _of("", "name of the user")
    node: str = _of("", "node, cell or tower that served the user")
    audience: str = _of("", "audience; empty for a node that is its own user")
    service: str = _of("", "name of the service")
    source_kind: str = _of("", "broadcast, cellular or wired")
    other_node: str = _of("", "node that may serve the user instead; empty for none")
    join_s: float | None = _of("s", "from when on the user watches; null for never")
    leave_s: float | None = _of("s", "until when the user watches; null for to the end")
    segments_offered: int = _of("", "segments offered after the warm-up")
    segments_delivered: int = _of("", "of these, complete and on time")
    segments_late: int = _of("", "of these, complete and after the deadline")
    segments_lost: int = _of("", "of these, lost")
    segments_in_flight: int = _of("", "of these, undecided at the end")
    segments_generated: int = _of("", "delivered ones that a generative model expanded")
    segments_joined: int | None = _of(
        "",
        "on time together: of an enhancement with its common stream, of that with any enhancement; else null",
    )
    segments_broadcast: int = _of("", "delivered ones, on time or late, that a tower brought")
    segments_cellular: int = _of("", "delivered ones that a cell brought, repairs included")
    segments_repaired: int = _of("", "delivered ones that a tower lost and a cell repaired")
    segments_blocked: int = _of("", "lost ones for which no carrier had room")
    switches: int = _of("", "times the user was moved between tower and cells, warm-up included")
    interruption_s: float = _of("s", "playing time in which the picture stood still")
    bits_received: int = _of("bit", "bits received, warm-up included")
    terminal_energy_joule: float | None = _of(
        "J", "energy that the terminal spent on generating; null where no terminal can"
    )
    battery: float | None = _of("", "charge left in the terminal, 0..1; null without a battery")
    semantic_bits_offered: float = _of("bit", "meaning offered")
    semantic_bits_delivered: float = _of("bit", "meaning delivered, on time or late")
    semantic_fidelity: float | None = _of("", "delivered over offered; null when nothing was offered")
    delay_mean_s: float | None = _of("s", "mean delay of complete segments")
    stall_ratio: float | None = _of("", "share of the playing time in which the picture stood still")
    utility: float | None = _of("1..5", "expected rating (see docs/metrics.md)")
    qoe: float | None = _of(
        "1..5", "quality of experience over time (see docs/models.md); null when no segment's fate is known"
    )
    quality_switches: int = _of(
        "", "seconds that looked more than 0.2 better or worse than what was shown before"
    )
    stalls: int = _of("", "stops of the picture after it was first seen")
    startup_delay_s: float | None = _of(
        "s", "from the first segment offered until the first one was there to be shown; null when none was"
    )
    sinr_db_mean: float | None = _of("dB", "mean SINR in the cellular network; null elsewhere")
    rate_bps_mean: float | None = _of(
        "bit/s", "mean rate in the cellular network while something waited for the user; null elsewhere"
    )
    handovers: int | None = _of("", "changes of the sector in the cellular network; null elsewhere")
    sector: str | None = _of(
        "", "sector of the cellular network that served the user at the end; null elsewhere"
    )
    coverage: float | None = _of(
        "",
        "share of the transmissions for which the user was within coverage of the tower's network; else null",
    )


@dataclass(frozen=True, slots=True)
class SectorRecord:
    """One sector of a cellular network in one interval (sectors.parquet)."""

    node: str = _of("", "name of the cellular network")
    sector: str = _of("", "name of the sector")
    start_s: float = _of("s", "start of the interval")
    length_s: float = _of("s", "length of the interval")
    users: float = _of("", "users whom the sector served, mean over the interval")
    active_users: float = _of("", "of these, users for whom something waited")
    block_use: float = _of("", "share of the resource blocks in use")
    carried_bits: int = _of("bit", "bits put on the air; a multicast counts once")
    handovers: int = _of("", "users who came in by handover")
    ping_pongs: int = _of("", "of these, users who came back within the ping-pong window")


@dataclass(frozen=True, slots=True)
class DistributionRecord:
    """One bin of the distribution of a radio quantity over users and time (distributions.parquet)."""

    node: str = _of("", "name of the cellular network or of the tower's channel")
    quantity: str = _of("", "sinr_db or rate_bps (see docs/metrics.md)")
    low: float = _of("", "lower end of the bin, in the quantity's unit")
    high: float = _of("", "upper end of the bin; what lies outside all bins is in the first or last")
    count: int = _of("", "samples in the bin: one per user and interval, or per user and transmission")
    usable: float = _of("", "share of all samples of the quantity that can carry data; the same in every bin")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with a name: something that a service policy saw."""

    name: str = _of("", "name of the quantity, with its unit")
    value: float = _of("", "its value; infinite where there is none")


@dataclass(frozen=True, slots=True)
class OptionSeen:
    """One option that a policy was offered."""

    kind: str = _of("", "forward, contract, expand or drop; of service policies what could be asked for")
    action: str = _of("", "name of the action, or of the service that it is about")
    bits: int | None = _of("bit", "size that would leave the node; null for service policies")
    semantic_fidelity: float | None = _of("", "fidelity that would leave the node; null for service policies")
    total_s: float | None = _of("s", "expected wait, computing and transmission; null for service policies")
    meets_deadline: bool | None = _of("", "whether that fits into the time left; null for service policies")
    figures: tuple[Figure, ...] = _of("", "what a service policy saw of it")


@dataclass(frozen=True, slots=True)
class UserSeen:
    """A user for whom a service policy asked for something else than before."""

    user: str = _of("", "name of the user")
    was: str = _of("", "how the user was served")
    chosen: str = _of("", "how the user is to be served")
    figures: tuple[Figure, ...] = _of("", "what the policy saw of the user")


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision of a policy: when, what it saw, what it chose (decisions.parquet)."""

    decision: int = _of("", "number of the decision, from 0")
    mode: str = _of("", "relay (contract, forward, expand), addition, continuation or offloading")
    time_s: float = _of("s", "when")
    node: str = _of("", "node, or core, where")
    tower: str = _of("", "tower that a continuation is about; empty for the others")
    service: str = _of("", "name of the service; empty for offloading, which is about several")
    index: int | None = _of("", "number of the segment; null for service policies")
    policy: str = _of("", "name of the policy in the scenario")
    missed: str = _of("", "action chosen before that would have missed the deadline")
    kind: str = _of("", "what it chose: forward, contract, expand or drop; of service policies in short")
    action: str = _of("", "name of the chosen action; of offloading the services on the tower")
    reason: str = _of("", "the policy's own words")
    bits: int | None = _of("bit", "size of the representation at hand; null for service policies")
    bits_per_pixel: float | None = _of("bit", "the same per pixel")
    semantic_fidelity: float | None = _of("", "fidelity of the representation at hand")
    time_left_s: float | None = _of("s", "time to the deadline")
    backlog_bits: int | None = _of("bit", "largest backlog among the next links")
    available_bps: float | None = _of("bit/s", "smallest equal share among the next links")
    gpu_queued: int | None = _of("", "jobs waiting for the GPU")
    options: tuple[OptionSeen, ...] = _of("", "what it was offered")
    saw: tuple[Figure, ...] = _of("", "what else a service policy saw")
    users: tuple[UserSeen, ...] = _of("", "users for whom it asked for something else than before")


@dataclass(frozen=True, slots=True)
class SwitchRecord:
    """One user of one service who was moved between tower and cells (switches.parquet)."""

    decided_s: float = _of("s", "when the policy decided")
    effective_s: float | None = _of("s", "from when on the new way serves; null if not before the end")
    decision: int = _of("", "number of the decision in decisions.parquet")
    mode: str = _of("", "continuation or offloading")
    user: str = _of("", "name of the user")
    service: str = _of("", "name of the service")
    origin: str = _of("", "how the user was served: broadcast, repaired or cellular")
    target: str = _of("", "how the user is served then")
    context_bits: int = _of("bit", "size of the context that went from core to core")
    transfer_s: float | None = _of(
        "s", "time from the decision to the context's arrival; null if not arrived"
    )
    segments_resent: int = _of("", "segments in the context that the new way sent again")
    needless: bool | None = _of(
        "", "whether reception by the tower never became poor before the user was back; null when not known"
    )


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One segment of an evaluated service at one receiver (evaluations.parquet)."""

    evaluation: str = _of("", "name of the evaluation in the scenario")
    service: str = _of("", "name of the service")
    index: int = _of("", "number of the segment")
    receiver: str = _of("", "node that received it")
    purpose: str = _of("", "stream, or repair: what was fetched again is not rated")
    warmup: bool = _of("", "offered during the warm-up")
    time_s: float = _of("s", "when it was there to be shown")
    action: str = _of("", "last action on it; empty when there was none")
    true_level: int = _of("", "level of what would be shown, 1 to 5; no policy and no rater sees it")
    reason: str = _of("", "why it is rated: always, fidelity, after-bad or share; empty when it is not")
    node: str = _of("", "node that rates")
    rater: str = _of("", "who rates")
    score: float | None = _of("", "rating, 1 to 5; null without one")
    rated_bad: bool | None = _of("", "whether the score counts as bad; null without one")
    outcome: str = _of("", "shown, withheld, refetched, or undecided at the end of the run")
    failed: str = _of("", "why a rating that was asked for was not had; empty when it was")
    sent_bits: int = _of("bit", "sent to the rater, and back to the receiver")
    transfer_s: float = _of("s", "until all that the rater needs was there")
    wait_s: float = _of("s", "in the queue of the GPU")
    compute_s: float = _of("s", "on a stream of the GPU, loading of the model included")
    delay_s: float = _of("s", "from when it was there to when its fate was decided")
    energy_joule: float | None = _of(
        "J", "energy of the stream's time, above idle; null when the GPU's power is not known"
    )


RECORD_TYPES: dict[str, type] = {
    "links": LinkRecord,
    "nodes": NodeRecord,
    "users": UserRecord,
    "segments": SegmentRecord,
    "decisions": DecisionRecord,
    "switches": SwitchRecord,
    "sectors": SectorRecord,
    "distributions": DistributionRecord,
    "evaluations": EvaluationRecord,
}
