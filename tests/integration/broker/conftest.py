"""Brokers that are ended after the test."""

import pytest

from .harness import BrokerProcess


@pytest.fixture
def broker_of(tmp_path):
    """Gives brokers; they are ended after the test."""
    made = []

    def make(name="b", **settings):
        made.append(BrokerProcess(tmp_path / name, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
