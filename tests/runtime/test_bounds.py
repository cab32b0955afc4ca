import math

import pytest

from ecgpaper.digitize.request import Stated
from ecgpaper.runtime.bounds import FS_HZ, GAIN_MM_PER_MV, SPEED_MM_PER_S, Clock


@pytest.mark.parametrize("allowed", [FS_HZ, SPEED_MM_PER_S, GAIN_MM_PER_MV])
def test_a_range_takes_its_ends_and_nothing_beyond(allowed):
    assert allowed.checked(allowed.low) == allowed.low
    assert allowed.checked(allowed.high) == allowed.high
    for value in (allowed.low - 0.1, allowed.high + 0.1, 0, -1, math.nan, math.inf, 1e300):
        with pytest.raises(ValueError, match=rf"expected {allowed.quantity} of .* got "):
            allowed.checked(value)


def test_a_clock_is_over_when_its_processor_time_is():
    clock = Clock(limit_s=0.01)
    n_steps = 0
    while not clock.is_over:
        n_steps += 1
    assert n_steps > 0
    assert clock.is_over
    assert not Clock().is_over


@pytest.mark.parametrize("scale", [{"speed_mm_per_s": 0.001}, {"gain_mm_per_mv": math.nan}])
def test_no_page_is_said_to_have_a_scale_that_cannot_be(scale):
    with pytest.raises(ValueError, match=r"expected a .* got"):
        Stated(**scale)
