import pytest

from ecgpaper.records import RecordHeader
from ecgpaper.train.facts import RecordFacts
from ecgpaper.train.proxy import with_acute_proxy


def header(*comments):
    return RecordHeader("r", 500.0, 5000, ("I",), ("mV",), comments)


def test_facts_are_what_the_header_says():
    facts = RecordFacts.from_header(
        header("Age: 56", "Sex: Female", "Labels: CD, HYP", "Statements: LAFB, LVH, LAFB, SR")
    )
    assert facts == RecordFacts(("CD", "HYP"), ("LAFB", "LVH", "SR"), 56.0, "Female")
    assert facts.has_label


@pytest.mark.parametrize("comments", [(), ("Labels: other",), ("Statements: SR",)])
def test_header_without_a_label_of_the_challenge_has_none(comments):
    assert not RecordFacts.from_header(header(*comments)).has_label


def test_injury_stands_for_acute_infarction_where_no_record_has_one():
    facts = [
        RecordFacts(("Old MI", "CD"), ("ASMI", "INJAS")),
        RecordFacts(("NORM",), ("NORM", "SR")),
        RecordFacts((), ("INJAL",)),
    ]
    taught, n_proxies = with_acute_proxy(facts)
    assert n_proxies == 1
    assert taught[0].labels == ("Old MI", "CD", "Acute MI")
    assert taught[1:] == facts[1:]


def test_proxy_is_off_where_the_class_is_real():
    facts = [
        RecordFacts(("Old MI",), ("INJAS",)),
        RecordFacts(("Acute MI",), ("AMI",)),
    ]
    assert with_acute_proxy(facts) == (facts, 0)
