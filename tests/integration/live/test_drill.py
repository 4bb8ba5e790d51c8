"""The drill itself, short: a real centre whose parts are killed under load."""

import pytest

from benchmarks.live.drill import Site, drill, reported


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_whatever_is_killed(short_directory):
    victims = ["driver", "slurmd", "munged", "broker"]
    with Site(short_directory, seed=1).running() as site:
        seen = drill(site, victims, pause_s=0.5, nb_clients=2, seed=1)
    report = reported(site, seen)
    assert report.faults == []
    assert [kill.victim for kill in seen.kills] == victims
    assert report.books.nb_charged > 0 and any(sent.is_right for sent in seen.jobs)
    assert "| broker | 1 |" in report.text()
