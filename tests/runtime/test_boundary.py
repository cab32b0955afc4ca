import pytest

from ecgpaper.errors import GridError
from ecgpaper.runtime.boundary import PageFault, attempt


def fail_with(error):
    def fail():
        raise error

    return fail


def test_an_answer_passes():
    assert attempt(lambda: "answer", "asking") == "answer"


def test_an_error_of_the_program_s_own_is_its_reason_alone():
    fault = attempt(fail_with(GridError("expected a grid; found none")), "reading a page")
    assert fault == PageFault("expected a grid; found none")


@pytest.mark.parametrize("kind", [ValueError, MemoryError, RecursionError, KeyError, IndexError])
def test_any_other_exception_is_a_fault_with_its_traceback(kind):
    fault = attempt(fail_with(kind("one\ntwo")), "reading a page")
    assert "while reading a page" in fault.reason
    assert kind.__name__ in fault.reason
    assert "\n" not in fault.reason
    assert "fail_with" in fault.details or "in fail" in fault.details


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_user_s_interrupt_passes(kind):
    with pytest.raises(kind):
        attempt(fail_with(kind()), "reading a page")
