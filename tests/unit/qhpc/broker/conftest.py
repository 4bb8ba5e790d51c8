"""What the tests of the broker share."""

import pytest

from tests.munged import private_munged, program


@pytest.fixture(scope="module")
def munge_socket():
    if program() is None:
        pytest.skip("munged is not installed; 'apt-get install munge' as root")
    with private_munged() as socket:
        yield socket
