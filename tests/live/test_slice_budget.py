"""When the network may work: a policy, told the time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from composer.live.slice_budget import FIRST_COST, GATHER, STARVED, SliceBudget


@dataclass
class Network:
    idle: bool = False
    crowded: bool = False
    pressing: bool = True
    in_cycle: bool = False
    improvisers: int = 1
    rounds: list[bool] = field(default_factory=list)

    def begin_cycle(self, late: bool = False) -> None:
        self.rounds.append(late)


def test_no_work_leaves_the_wait_as_it_is() -> None:
    assert SliceBudget().plan(1.0, 0.25, None) == (False, 0.25)
    assert SliceBudget().plan(1.0, 0.25, Network(idle=True)) == (False, 0.25)


def test_a_slice_is_begun_when_no_note_would_be_late_for_it() -> None:
    budget, network = SliceBudget(), Network()
    budget.spent(1.0, 1.0, in_round=False)
    assert budget.plan(1.0, 2 * FIRST_COST, network) == (True, 0.0)
    assert budget.plan(1.0, 0.5 * FIRST_COST, network) == (False, 0.5 * FIRST_COST)


def test_a_network_that_had_no_slice_for_long_gets_one_all_the_same() -> None:
    budget, network = SliceBudget(), Network()
    budget.spent(0.999, 1.0, in_round=False)
    assert budget.plan(1.0 + 0.9 * STARVED, 0.0, network) == (False, 0.0)
    assert budget.plan(1.0 + 1.1 * STARVED, 0.0, network) == (True, 0.0)


def test_a_crowds_network_never_waits() -> None:
    budget = SliceBudget()
    budget.spent(0.999, 1.0, in_round=False)
    assert budget.plan(1.0, 0.0, Network(crowded=True)) == (True, 0.0)


def test_slices_that_took_long_are_thought_to_take_long() -> None:
    budget, network = SliceBudget(), Network()
    for _ in range(100):
        budget.spent(0.0, 0.004, in_round=False)
    budget.spent(0.996, 1.0, in_round=False)
    assert budget.plan(1.0, 0.007, network)[0] is False  # twice 4 ms are more
    assert budget.plan(1.0, 0.009, network)[0] is True
    budget.spent(0.0, 10.0, in_round=False)  # the system did something else
    assert budget.plan(10.0, 0.011, network)[0] is True


def test_a_crowd_gathers_and_a_round_that_took_too_long_is_late() -> None:
    budget, network = SliceBudget(), Network(crowded=True, pressing=False, improvisers=100)
    gather = 100 * GATHER
    assert budget.plan(1.0, 1.0, network) == (False, pytest.approx(gather))
    assert budget.plan(1.0 + 0.5 * gather, 1.0, network) == (False, pytest.approx(0.5 * gather))
    assert network.rounds == [False]
    budget.spent(1.0, 1.0 + 2 * gather, in_round=True)
    budget.plan(1.0 + 2 * gather, 1.0, network)
    assert network.rounds == [False, True]
