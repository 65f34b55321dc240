"""What happened: record types, conservation laws, writer and reader."""

from netgen.ledger.laws import STATEMENTS, Balance, Law, check_laws, raise_if_broken
from netgen.ledger.playback import Playback, ServicePlayback, ShownQuality
from netgen.ledger.reader import LedgerReader
from netgen.ledger.records import (
    RECORD_TYPES,
    DecisionRecord,
    DistributionRecord,
    EvaluationRecord,
    Figure,
    LinkRecord,
    LossReason,
    NodeRecord,
    OptionSeen,
    Outcome,
    SectorRecord,
    SegmentRecord,
    Stage,
    SwitchRecord,
    UserRecord,
    UserSeen,
)
from netgen.ledger.writer import LedgerWriter

__all__ = [
    "RECORD_TYPES",
    "STATEMENTS",
    "Balance",
    "DecisionRecord",
    "DistributionRecord",
    "EvaluationRecord",
    "Figure",
    "Law",
    "LedgerReader",
    "LedgerWriter",
    "LinkRecord",
    "LossReason",
    "NodeRecord",
    "OptionSeen",
    "Outcome",
    "Playback",
    "SectorRecord",
    "SegmentRecord",
    "ServicePlayback",
    "ShownQuality",
    "Stage",
    "SwitchRecord",
    "UserRecord",
    "UserSeen",
    "check_laws",
    "raise_if_broken",
]
