"""Names of stacks: plain, whatever somebody calls a job."""

from hypothesis import given
from hypothesis import strategies as st

from qat.shared.stacks import stack_name, this_stack


@given(st.text(max_size=300))
def test_a_name_is_plain_and_stays_what_it_is(text):
    name = stack_name(text)
    assert len(name) <= 100 and stack_name(name) == name
    assert all(char.isascii() and (char.isalnum() or char in "_.:+-") for char in name)


def test_bytes_count_as_in_the_lua_of_slurm():
    assert stack_name("β") == "__" and stack_name("\udcff") == "_"


def test_who_names_it():
    assert this_stack({}) == this_stack({"QAT_STACK": ""}) == ""
    assert this_stack({"QAT_STACK": "", "SLURM_JOB_NAME": "a b"}) == "a_b"
