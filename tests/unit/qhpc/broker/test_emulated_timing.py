"""The times of an emulated device, as its driver is told them and as the machine plans with them."""

from qhpc.broker.settings import QpuSettings


def timing(**settings):
    found = QpuSettings(driver="emulated", **settings)
    return found.driver_options(), found.task_timing().shot_s, found.task_timing().latency_s


def test_times_beside_the_options_are_the_drivers_too():
    assert timing(timing="trapped-ions") == ({"timing": "trapped-ions"}, 0.18, 1.0)
    assert timing(timing="trapped-ions", shot_s=0.5) == ({"timing": "trapped-ions", "shot_s": 0.5}, 0.5, 1.0)
    assert timing() == ({}, 0.0, 0.0)


def test_options_go_before_and_speedup_divides():
    options = {"timing": "neutral-atoms", "speedup": 100.0}
    assert timing(timing="trapped-ions", options=options) == (options, 0.012, 0.01)


def test_other_drivers_are_told_their_options_only():
    settings = QpuSettings(driver="served", timing="trapped-ions", options={"port": 5000})
    assert settings.driver_options() == {"port": 5000}
    assert settings.task_timing().shot_s == 0.18
