"""How service policies are asked, and what is written down of their answers."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from netgen.elastic.asking import ServiceDecider, figures, option, record_decision
from netgen.errors import PolicyError
from netgen.ledger import Figure, LedgerWriter, OptionSeen, UserSeen

S = 10**9


def asked(decide, view="view", seed=1):
    decider = ServiceDecider("mine", decide, np.random.default_rng(seed))
    return decider.ask(view, core="broadcast-core", now_ns=round(2.5 * S))


def test_a_policy_is_asked_with_its_view_and_its_own_stream():
    decision, where = asked(lambda view, rng: (view, rng.random()))
    assert decision == ("view", np.random.default_rng(1).random())
    assert where == 'policy "mine" at broadcast-core, t = 2.500000 s'


def test_each_question_draws_on_in_the_stream():
    decider = ServiceDecider("mine", lambda view, rng: rng.random(), np.random.default_rng(1))
    found = [decider.ask(None, core="c", now_ns=0)[0] for _ in range(3)]
    assert found == np.random.default_rng(1).random(3).tolist()


def test_what_a_policy_returns_is_left_to_the_caller_to_check():
    assert asked(lambda view, rng: None)[0] is None


@pytest.mark.parametrize(
    "error", [KeyError("gone"), ZeroDivisionError("zero"), SystemExit(0), GeneratorExit()]
)
def test_whatever_a_policy_raises_is_told_with_its_name_place_and_time(error):
    def decide(view, rng):
        raise error

    told = rf'^policy "mine" at broadcast-core, t = 2\.500000 s: raised {type(error).__name__}: '
    with pytest.raises(PolicyError, match=told) as caught:
        asked(decide)
    assert str(caught.value).endswith(str(error))
    assert caught.value.__cause__ is error
    assert caught.value.exit_code == 1


def test_an_interrupt_of_the_user_is_no_fault_of_the_policy():
    def decide(view, rng):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(decide)


def test_figures_are_numbers_with_names_in_the_order_given():
    found = figures(users=3, on_air=True, loss=np.float64(0.5), share=np.inf)
    assert found == (
        Figure("users", 3.0),
        Figure("on_air", 1.0),
        Figure("loss", 0.5),
        Figure("share", np.inf),
    )
    assert {type(figure.value) for figure in found} == {float}


def test_an_option_of_a_service_policy_has_figures_and_no_sizes():
    assert option("tower", "show", users=2) == OptionSeen(
        "tower", "show", None, None, None, None, (Figure("users", 2.0),)
    )
    assert option("cells").action == ""


def test_decisions_are_numbered_and_written_with_all_that_was_seen(tmp_path):
    writer = LedgerWriter(tmp_path)
    common = {
        "mode": "continuation",
        "core": "broadcast-core",
        "service": "live",
        "policy": "mine",
        "action": "",
    }
    user = UserSeen("u1", "broadcast", "cellular", figures(loss_now=0.25))
    numbers = [
        record_decision(
            writer, **common, now_ns=k * S, kind=f"cellular {k}", reason="for once", options=[option("cellular")],
            saw=figures(users=4), users=[user] * k,
        )
        for k in range(3)
    ]  # fmt: skip
    writer.close()
    assert numbers == [0, 1, 2]
    assert writer.decisions == 3
    rows = pq.read_table(tmp_path / "decisions.parquet").to_pylist()
    assert [(row["decision"], row["time_s"], row["kind"]) for row in rows] == [
        (0, 0.0, "cellular 0"), (1, 1.0, "cellular 1"), (2, 2.0, "cellular 2"),
    ]  # fmt: skip
    last = rows[-1]
    assert (last["mode"], last["node"], last["service"], last["policy"]) == (
        "continuation", "broadcast-core", "live", "mine",
    )  # fmt: skip
    assert (last["reason"], last["saw"]) == ("for once", [{"name": "users", "value": 4.0}])
    assert last["users"] == [
        {"user": "u1", "was": "broadcast", "chosen": "cellular", "figures": [{"name": "loss_now", "value": 0.25}]}
    ] * 2  # fmt: skip
    # What only policies at nodes see is not known here.
    for name in (
        "index",
        "bits",
        "semantic_fidelity",
        "time_left_s",
        "backlog_bits",
        "available_bps",
        "gpu_queued",
    ):
        assert last[name] is None
