"""The scenarios of collaboration between broadcast and cellular answer the questions that their first lines ask."""

import pytest

from netgen.run import run

OUTAGE = (20.0, 22.0)
"""Span in which the tower of repair_storm is off the air, s."""


@pytest.fixture(scope="module")
def run_file(tmp_path_factory, run_directory):
    """Run a scenario file in this process; the same run is made once."""
    made = {}

    def go(path, *overrides):
        key = (path, overrides)
        if key not in made:
            out = tmp_path_factory.mktemp("collaboration") / "run"
            made[key] = run_directory(run(path, overrides=overrides, out=out).folder)
        return made[key]

    return go


def late(summary, services):
    """Segments of some services that came late or not at all."""
    return sum(
        figures["segments_late"] + figures["segments_lost"]
        for service, receivers in summary["receivers"].items()
        if service.startswith(services)
        for figures in receivers.values()
    )


def air_bits(summary, *links):
    """Bits that some last hops carried."""
    return sum(summary["links"][link]["carried_bits"] for link in links)


class TestOffloadFinal:
    @pytest.fixture
    def done(self, scenarios, run_file):
        join = "audiences.final-viewers.join"
        return run_file(
            scenarios / "offload_final.yaml", "duration=50 s", f"{join}.start=20 s", f"{join}.rise=15 s"
        )

    def test_fewer_users_are_late_or_blocked_and_less_of_the_cells_is_in_use(self, done):
        summary = done.summary
        mine = summary["service_modes"]["offloading"]
        never = summary["baseline"]["service_modes"]["offloading"]
        assert never["moved_users"] == never["tower_bits"] == 0
        assert never["blocked_users"] > 200
        assert mine["late_or_blocked_users"] < 0.6 * never["late_or_blocked_users"]
        assert mine["cell_load_mean"] < never["cell_load_mean"]
        assert mine["cellular_bits"] < never["cellular_bits"]
        assert mine["late_or_blocked_segments_share"] < 0.3 * never["late_or_blocked_segments_share"]

    def test_who_has_no_receiver_stays_in_the_cells(self, done):
        users = done.rows("users", service="final")
        by_tower = [row for row in users if row["segments_broadcast"]]
        assert 600 < len(by_tower) < 0.95 * len(users)
        moved = {row["user"] for row in done.rows("switches", service="final", target="broadcast")}
        assert {row["user"] for row in by_tower} <= moved

    def test_the_tower_keeps_to_its_rate(self, done):
        for row in done.rows("links", link="mast->mast:only"):
            assert row["carried_bits"] <= row["capacity_bits"] * (1 + 1e-9)
        loads = [
            len(row["action"].split(", "))
            for row in done.rows("decisions", mode="offloading")
            if row["action"]
        ]
        assert max(loads) == 3  # 4 + 2.5 + 2.5 Mbit/s of 9.8


class TestContinuationTrain:
    def test_prediction_interrupts_less_and_costs_more_cellular_bits(self, scenarios, run_file):
        """At 60 s all trains have been in a tunnel or at the edge."""
        summary = run_file(scenarios / "continuation_train.yaml", "duration=60 s").summary
        predictive = summary["service_modes"]["continuation"]
        reactive = summary["baseline"]["service_modes"]["continuation"]
        assert summary["baseline"]["policy"] == "reactive"
        assert reactive["segments_lost"] > 10
        assert predictive["interruption_mean_s"] < 0.6 * reactive["interruption_mean_s"]
        assert predictive["segments_lost"] < reactive["segments_lost"]
        assert predictive["cellular_bits"] > reactive["cellular_bits"] > 0
        assert predictive["needless"] == reactive["needless"] == 0  # the predictor is perfect

    def test_never_to_collaborate_loses_the_tunnel(self, scenarios, run_file):
        never = "collaboration.continuation.policy=never-collaborate"
        done = run_file(scenarios / "continuation_train.yaml", "duration=50 s", never, "baseline=null")
        modes = done.summary["service_modes"]
        assert modes["continuation"]["handovers"] == modes["continuation"]["cellular_bits"] == 0
        # The first train is in the tunnel of 600 m for 10 s.
        lost = [row["segments_lost"] for row in done.rows("users")[:30]]
        assert min(lost) >= 9

    def test_a_learned_map_makes_needless_handovers(self, scenarios, run_file):
        """A dip that one passenger reported is no dip for the next: the map holds means over users."""
        path, learned = scenarios / "continuation_train.yaml", "collaboration.continuation.predictor=learned"
        done = run_file(path, "duration=60 s", learned)
        mine = done.summary["service_modes"]["continuation"]
        assert mine["needless"] > 0
        beside = done.summary["baseline"]["service_modes"]["continuation"]
        assert mine["interruption_mean_s"] < beside["interruption_mean_s"]


class TestRepairStorm:
    @pytest.fixture
    def storm(self, scenarios, run_file):
        def go(backoff, *more):
            path = scenarios / "repair_storm.yaml"
            wait = f"collaboration.continuation.repair.backoff={backoff}"
            return run_file(path, "duration=38 s", wait, "baseline=null", *more)

        return go

    def test_without_back_off_unicast_viewers_pay_for_the_storm(self, storm):
        calm, storming = storm("10 s"), storm("0 s")
        assert late(storming.summary, "title") > 100
        assert late(calm.summary, "title") < 0.1 * late(storming.summary, "title")
        for done in (calm, storming):
            modes = done.summary["service_modes"]["continuation"]
            lost = 4000 * round(OUTAGE[1] - OUTAGE[0])  # segments of 1 s
            assert modes["segments_repaired"] == lost
            assert modes["segments_lost"] == 0

    def test_the_busiest_second_of_the_cells_is_the_storm(self, storm):
        """Without back-off everything that is to be repaired is asked for within a second of the loss."""
        asked = {}
        for backoff in ("10 s", "0 s"):
            done = storm(backoff)
            use = {}
            for row in done.rows("sectors"):
                use[row["start_s"]] = use.get(row["start_s"], 0.0) + row["block_use"]
            asked[backoff] = max(use.values())
            quiet = [load for start_s, load in use.items() if 3 <= start_s < OUTAGE[0]]
            assert asked[backoff] > max(quiet)
        assert asked["0 s"] > asked["10 s"]

    def test_without_repair_the_show_is_lost(self, storm):
        done = storm("10 s", "collaboration.continuation.policy=never-collaborate")
        assert late(done.summary, "show") == 8000
        assert late(done.summary, "title") == 0


class TestAdditionStadium:
    def test_more_is_shown_enhanced_with_less_of_the_cells(self, scenarios, run_file):
        summary = run_file(scenarios / "addition_stadium.yaml", "duration=30 s").summary
        mine = summary["service_modes"]["addition"]
        always = summary["baseline"]["service_modes"]["addition"]
        assert summary["baseline"]["policy"] == "send-always"
        assert always["enhancements_generated_at_cell"] == always["enhancements_generated_at_terminal"] == 0
        assert mine["segments_enhanced"] > 1.5 * always["segments_enhanced"]
        assert mine["bits_per_enhanced_segment"] < 0.6 * always["bits_per_enhanced_segment"]
        for way in (
            "enhancements_sent",
            "enhancements_generated_at_cell",
            "enhancements_generated_at_terminal",
        ):
            assert mine[way] > 500, way
        assert mine["terminal_energy_joule"] > 0 == always["terminal_energy_joule"]

    def test_batteries_are_left_alone_below_the_limit(self, scenarios, run_file):
        done = run_file(scenarios / "addition_stadium.yaml", "duration=45 s", "baseline=null")
        joule = 4.0 * 0.2  # 20 ms for 1 s of video on an L4, ten times as long here, at 4 W
        for row in done.rows("users", service="personal", audience="low-phones"):
            spent = 0.2005 - row["battery"]
            assert row["battery"] >= 0.2 - 2 * joule / 55e3
            assert spent * 55e3 == pytest.approx(row["terminal_energy_joule"], abs=1e-6)
        low = [row["battery"] for row in done.rows("users", service="personal", audience="low-phones")]
        assert max(low) < 0.2001  # all of them stopped there

    def test_fewer_bits_than_unicast_alone_at_equal_utility(self, scenarios, run_file):
        """70 users whom the cells can all serve: what is spared is the common stream, but for one copy."""
        counts = {"new-phones": 20, "low-phones": 10, "old-phones": 20, "fan-zone": 20}
        few = [f"audiences.{name}.count={count}" for name, count in counts.items()]
        few += ["duration=20 s", "baseline=null", "collaboration.addition.policy=send-always"]
        path = scenarios / "addition_stadium.yaml"
        both = run_file(path, *few)
        alone = run_file(path, *few, "services.feed.to=[ran, square]")
        assert both.summary["utility_mean"] == alone.summary["utility_mean"] == 5.0
        hops = "ran:downlink", "square:downlink"
        with_tower = air_bits(both.summary, *hops, "mast->mast:only")
        assert with_tower < 0.95 * air_bits(alone.summary, *hops)
        one_copy = air_bits(both.summary, "mast->mast:only")
        spared = air_bits(alone.summary, *hops) - with_tower
        # Cells repeat blocks, and what is on its way at the end differs.
        assert spared == pytest.approx((sum(counts.values()) - 1) * one_copy, rel=0.15)


class TestRegional:
    @pytest.mark.slow
    def test_all_modes_help_at_once(self, scenarios, run_file):
        summary = run_file(scenarios / "regional.yaml").summary
        mine, never = summary["service_modes"], summary["baseline"]["service_modes"]
        assert mine["continuation"]["segments_lost"] < 0.1 * never["continuation"]["segments_lost"]
        assert mine["offloading"]["segments_blocked"] < never["offloading"]["segments_blocked"]
        assert mine["addition"]["segments_enhanced"] > 5000 > never["addition"]["segments_enhanced"] == 0

    @pytest.fixture
    def done(self, scenarios, run_file):
        return run_file(scenarios / "regional.yaml", "baseline=null")

    def test_the_outage_of_the_tower_hands_everybody_over_and_back(self, done):
        moves = done.rows("switches", mode="continuation", target="cellular")
        during = {row["user"] for row in moves if 40 <= row["decided_s"] < 45}
        before = {row["user"] for row in moves if row["decided_s"] < 40}
        assert len(during | before) == 250
        assert len(during) > 100
        returns = [
            row for row in done.rows("switches", mode="continuation", target="broadcast")
            if 45 <= row["decided_s"] < 60
        ]  # fmt: skip
        assert len(returns) > 100

    def test_the_tower_contracts_what_shares_the_rich_pipe(self, done):
        contracted = done.rows("decisions", node="mast", kind="contract")
        assert {row["action"] for row in contracted} == {"slim"}
        assert {row["service"][:5] for row in contracted} == {"title"}
        on_tower = [len(row["action"].split(", ")) for row in done.rows("decisions", mode="offloading")]
        assert max(on_tower) > 4.9 / 2.0  # titles of 2 Mbit/s in a pipe of 4.9

    def test_a_context_waits_for_the_way_between_the_cores(self, done):
        late = done.rows("switches", mode="continuation")
        waited = [row for row in late if 65 <= row["decided_s"] < 69 and row["transfer_s"] is not None]
        assert waited
        for row in waited:
            assert row["effective_s"] is None or row["effective_s"] >= 70

    def test_without_its_gpu_no_cell_generates(self, done):
        def generated(begin_s, end_s):
            """Enhancements that a node generated, of those offered in a span."""
            rows = done.rows("segments", service="personal", generated=True)
            return sum(
                row["users_delivered"]
                for row in rows
                if begin_s <= row["offered_s"] < end_s and row["stages"][-1]["kind"] == "receive"
            )

        assert generated(60, 69) > 100
        assert generated(72, 79) == 0
        assert generated(82, 89) > 100
