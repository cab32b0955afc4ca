"""Report: draw a made-up patient and a recorder's findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ecgpaper.synth.sample.draws import chance
from ecgpaper.synth.sample.print.wording import FAMILY_NAMES, GIVEN_NAMES, PLACES, WORDS, Words

_FIRST_DAY = datetime(1985, 1, 1)
_N_DAYS = 40 * 365
# Of the day, and of the time.
_DATE_FORMATS = {
    "en": (
        ("%d-%b-%Y", "%H:%M:%S"),
        ("%m/%d/%Y", "%H:%M:%S"),
        ("%Y-%m-%d", "%H:%M"),
        ("%d/%m/%Y", "%I:%M:%S %p"),
    ),
    "de": (("%d.%m.%Y", "%H:%M:%S"), ("%d.%m.%y", " %H:%M")),
    "fr": (("%d/%m/%Y", "%H:%M:%S"), ("%d-%m-%Y", " %H:%M")),
    "es": (("%d/%m/%Y", "%H:%M:%S"), ("%d-%m-%Y", " %H:%M")),
    "cs": (("%d.%m.%Y", "%H:%M:%S"), ("%d. %m. %Y", " %H:%M")),
}
_BLANK_SHARE = 0.15
# Rates, per minute, below the first finding's and above the second's.
_SLOW = 60
_FAST = 100


@dataclass(frozen=True, slots=True)
class Report:
    """A made-up patient and recording.

    Parameters
    ----------
    words : Words
        In the recorder's language.
    name, number, sex, age, born : str
        Of the patient; name and number are empty where nobody typed them in.
    date : str
        Day and time.
    rate : int, in beats per minute
    pr_ms, qrs_ms, qt_ms, qtc_ms : int, in ms
    axes_deg : tuple of int, in degrees
        Of P, QRS and T.
    findings : tuple of str
        The interpretation, line by line; the last one is the verdict.
    staff : tuple of str
        Technician, referring and confirming physician; empty where not known.
    place : str
    """

    words: Words
    name: str
    number: str
    sex: str
    age: str
    born: str
    date: str
    rate: int
    pr_ms: int
    qrs_ms: int
    qt_ms: int
    qtc_ms: int
    axes_deg: tuple[int, int, int]
    findings: tuple[str, ...]
    staff: tuple[str, str, str]
    place: str


def sample_report(language: str, *, rng: np.random.Generator) -> Report:
    """Draw a patient and a recording, in one of the languages of `WORDS`."""
    words = WORDS[language]
    years = int(rng.integers(4, 97))
    taken = _FIRST_DAY + timedelta(
        days=int(rng.integers(_N_DAYS)), seconds=int(rng.integers(86400))
    )
    born = taken - timedelta(days=365.25 * years + int(rng.integers(360)))
    day, clock = _DATE_FORMATS[language][int(rng.integers(len(_DATE_FORMATS[language])))]
    rate, qtc_ms = int(rng.integers(42, 150)), int(rng.integers(370, 500))
    sinus = words.findings[1 if rate < _SLOW else 2 if rate > _FAST else 0]
    others = rng.choice(words.findings[3:], size=int(rng.integers(0, 4)), replace=False)
    return Report(
        words,
        name=_or_blank(_person(rng), rng),
        number=_or_blank(_number(rng), rng),
        sex=str(rng.choice(words.sexes)),
        age=f"{years} {words.years}",
        born=born.strftime(day),
        date=taken.strftime(f"{day} {clock}"),
        rate=rate,
        pr_ms=int(rng.integers(110, 230)),
        qrs_ms=int(rng.integers(70, 160)),
        qt_ms=round(qtc_ms * (60 / rate) ** 0.5),
        qtc_ms=qtc_ms,
        axes_deg=(_angle(rng, 80), _angle(rng, 110), _angle(rng, 90)),
        findings=(sinus, *(str(text) for text in others), str(rng.choice(words.verdicts))),
        staff=(_initials(rng), _or_blank(_person(rng), rng), _or_blank(f"Dr. {_person(rng)}", rng)),
        place=str(rng.choice(PLACES)),
    )


def _or_blank(text: str, rng: np.random.Generator) -> str:
    return "" if chance(rng, _BLANK_SHARE) else text


def _person(rng: np.random.Generator) -> str:
    family, given = str(rng.choice(FAMILY_NAMES)), str(rng.choice(GIVEN_NAMES))
    return f"{family.upper()}, {given.upper()}" if chance(rng, 0.5) else f"{family}, {given}"


def _number(rng: np.random.Generator) -> str:
    return f"{rng.integers(10 ** int(rng.integers(4, 10))):0{int(rng.integers(5, 10))}d}"


def _initials(rng: np.random.Generator) -> str:
    return "".join(chr(65 + letter) for letter in rng.integers(26, size=2))


def _angle(rng: np.random.Generator, most: int) -> int:
    return int(rng.integers(-60, most))
