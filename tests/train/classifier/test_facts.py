import pytest

from ecgpaper.files.records.challenge import RecordHeader
from ecgpaper.train.classifier.facts import RecordFacts


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
