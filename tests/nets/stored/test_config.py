import math
from dataclasses import asdict, dataclass
from typing import Annotated

import pytest

from ecgpaper.nets.stored.config import NetworkConfig, Range, Share, Size, Sizes


@dataclass(frozen=True)
class Inner(NetworkConfig):
    width: Size


@dataclass(frozen=True)
class Outer(NetworkConfig):
    inner: Inner
    n_items: Annotated[int, Range(2, 5)] = 3
    widths: Sizes = (1, 2)
    share: Share = 0.5


def test_config_survives_json_which_knows_no_tuples():
    config = Outer(Inner(7), 4, (3, 4096), 1)
    content = asdict(config)
    content["widths"] = list(content["widths"])
    assert Outer.from_json(content) == config


@pytest.mark.parametrize("value", [None, True, "3", 3.0, 1, 6, -1, 10**30, [3], math.nan, {}])
def test_whole_number_of_another_type_or_out_of_bounds_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"n_items must be whole from 2 to 5; got"):
        Outer(Inner(1), n_items=value)


@pytest.mark.parametrize("value", [None, True, "0", -0.1, 1.1, math.nan, math.inf, 10**400, []])
def test_share_of_another_type_or_out_of_bounds_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"share must be a number from 0 to 1; got"):
        Outer(Inner(1), share=value)


@pytest.mark.parametrize("value", [None, 5, "12", {}, (), [], [1] * 13, [[1]], [0], [True], [1.0]])
def test_list_of_another_length_or_of_other_items_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"widths must"):
        Outer(Inner(1), widths=value)


def test_config_within_another_is_checked_as_well():
    with pytest.raises(ValueError, match="inner must be a Inner"):
        Outer({"width": 3})
    for inner in (None, 3, [], {}, {"width": 0}, {"width": 1, "more": 1}):
        with pytest.raises(ValueError, match=r"config|width"):
            Outer.from_json({"inner": inner, "n_items": 3, "widths": [1], "share": 0})


@pytest.mark.parametrize("content", [None, 3, "text", [], [["width", 3]]])
def test_json_that_is_no_object_is_refused(content):
    with pytest.raises(ValueError, match="config must be an object"):
        Inner.from_json(content)


def test_missing_and_unknown_fields_are_named():
    with pytest.raises(ValueError, match=r"missing width, unknown \['depth'\]"):
        Inner.from_json({"depth": 3})
    with pytest.raises(ValueError, match="missing nothing, unknown"):
        Inner.from_json({"width": 3, "depth": 3})


def test_message_about_a_huge_value_is_short():
    with pytest.raises(ValueError, match="width must be") as caught:
        Inner("x" * 10**6)
    assert len(str(caught.value)) < 200
