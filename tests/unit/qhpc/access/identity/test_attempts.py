"""Failed log-ins."""

from hypothesis import given
from hypothesis import strategies as st

from qhpc.access.identity.attempts import AttemptLimits, Attempts


def waits(attempts, nb_failures, user="ada", address="10.0.0.1", now_s=0.0):
    """What the next log-in has to wait after each of some failures."""
    found = []
    for _ in range(nb_failures):
        attempts.failed(user, address, now_s)
        found.append(attempts.wait_s(user, address, now_s))
    return found


def test_waits_double_up_to_a_limit():
    limits = AttemptLimits(nb_free_pair=2, first_wait_s=1.0, longest_wait_s=10.0)
    assert waits(Attempts(limits), 8) == [0, 0, 1, 2, 4, 8, 10, 10]


def test_a_thousand_failures_are_no_error():
    assert waits(Attempts(), 2000)[-1] == 300.0


def test_waits_pass_and_failures_are_forgotten():
    attempts = Attempts()
    assert waits(attempts, 5)[-1] == 1.0
    assert [attempts.wait_s("ada", "10.0.0.1", now_s) for now_s in (0.75, 1.0)] == [0.25, 0.0]
    assert waits(attempts, 1, now_s=1.0) == [2.0]
    assert waits(attempts, 5, now_s=5000.0) == [0, 0, 0, 0, 1.0]


def test_others_do_not_wait_until_many_have_failed():
    attempts = Attempts()
    waits(attempts, 6)
    assert attempts.wait_s("bob", "10.0.0.1", 0.0) == attempts.wait_s("ada", "10.0.0.2", 0.0) == 0.0


def test_one_address_with_many_names_waits():
    attempts = Attempts()
    for number in range(21):
        attempts.failed(f"user{number}", "10.0.0.1", 0.0)
    assert attempts.wait_s("another", "10.0.0.1", 0.0) == 1.0
    assert attempts.wait_s("another", "10.0.0.2", 0.0) == 0.0


def test_one_user_from_many_addresses_waits():
    attempts = Attempts()
    for number in range(21):
        attempts.failed("ada", f"10.0.1.{number}", 0.0)
    assert attempts.wait_s("ada", "10.0.0.1", 0.0) == 1.0
    assert attempts.wait_s("bob", "10.0.0.1", 0.0) == 0.0


def test_addresses_of_one_ipv6_network_are_one():
    attempts = Attempts()
    for number in range(21):
        attempts.failed(f"user{number}", f"2001:db8::{number:x}", 0.0)
    assert attempts.wait_s("another", "2001:db8::ffff:1", 0.0) == 1.0
    assert attempts.wait_s("another", "2001:db8:0:1::1", 0.0) == 0.0


def test_success_forgets_own_failures_only():
    attempts = Attempts()
    waits(attempts, 4)
    waits(attempts, 4, address="10.0.0.2")
    attempts.failed("ada", "10.0.0.1", 0.0)
    attempts.succeeded("ada", "10.0.0.1")
    assert waits(attempts, 1) == [0.0]
    assert waits(attempts, 1, address="10.0.0.2") == [1.0]


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3), st.booleans()), max_size=60))
def test_memory_is_bounded_and_success_never_makes_anyone_wait(steps):
    attempts = Attempts(AttemptLimits(max_entries=10, nb_free_pair=0))
    for now_s, (user, address, is_right) in enumerate(steps):
        if attempts.wait_s(user, address, now_s) > 0:
            continue
        attempts.failed(user, address, now_s)
        if is_right:
            attempts.succeeded(user, address)
            assert attempts.wait_s(user, address, now_s) == 0.0
        assert len(attempts) <= 10
