"""Blocks: headers and footers in the manner of several makes of recorder.

A header is a function of the sheet's layout, the report and the style, a footer also of the page's
true speed and gain. A make's texts are said in words of our own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.print.report import Report
from ecgpaper.synth.sample.print.typesetting import Style, header_bottom_mm
from ecgpaper.synth.spec.print import LayoutSpec, TextLine


def monitor_header(
    layout: LayoutSpec, report: Report, style: Style, _: np.random.Generator
) -> Iterator[TextLine]:
    """Name, five measurements with aligned numbers and units, and the interpretation."""
    words, bottom_mm, width_mm = report.words, header_bottom_mm(layout), layout.size_mm[0]
    high, first_mm = style.height_mm, 1.9 * style.height_mm
    patient = [f"{report.born} ({report.age})", report.sex, "Room:", f"Loc: {report.place}"]
    yield from style.in_bold().column([report.name], 0.02 * width_mm, first_mm, bottom_mm)
    heads = [f"{words.identity}:{report.number}", report.date, report.place.upper()]
    for share, text in zip((0.24, 0.44, 0.7), heads, strict=True):
        yield from style.column([text], share * width_mm, first_mm, bottom_mm)
    below_mm = first_mm + 1.5 * style.pitch_mm
    yield from style.column(patient, 0.02 * width_mm, below_mm, bottom_mm)
    left_mm = 0.24 * width_mm
    labels, values, units = zip(*_measured(report), strict=True)
    yield from style.column(labels, left_mm, below_mm, bottom_mm)
    yield from style.column(values, left_mm + 16 * high, below_mm, bottom_mm, is_right=True)
    yield from style.column(units, left_mm + 17 * high, below_mm, bottom_mm)
    yield from style.column(report.findings, 0.52 * width_mm, below_mm, bottom_mm)
    staff_mm = below_mm + 6.5 * style.pitch_mm
    technician, referred, confirmed = report.staff
    yield from style.column([f"{words.technician}: {technician}"], 3, staff_mm, bottom_mm)
    signed = f"{words.confirmed_by}: {confirmed}" if confirmed else words.unconfirmed
    ends = ((0.45, f"{words.referred_by}: {referred}"), (0.72, signed))
    for share, text in ends:
        yield from style.column([text], share * width_mm, staff_mm, bottom_mm)


def _measured(report: Report) -> tuple[tuple[str, str, str], ...]:
    """(name, value, unit) of the usual five measurements."""
    words = report.words
    p_deg, qrs_deg, t_deg = report.axes_deg
    return (
        (words.rate, f"{report.rate}", "BPM"),
        (words.pr, f"{report.pr_ms}", "ms"),
        (words.qrs, f"{report.qrs_ms}", "ms"),
        (words.qt, f"{report.qt_ms}/{report.qtc_ms}", "ms"),
        (words.axes, f"{p_deg} {qrs_deg}", f"{t_deg}"),
    )


def statement_header(
    layout: LayoutSpec, report: Report, style: Style, _: np.random.Generator
) -> Iterator[TextLine]:
    """Terse measurements in a column, dotted statements beside them, a verdict in the middle."""
    words, bottom_mm, width_mm = report.words, header_bottom_mm(layout), layout.size_mm[0]
    first_mm, left_mm = 2 * style.height_mm, 0.02 * width_mm
    yield from style.column([report.number or "-"], left_mm, first_mm, bottom_mm)
    yield from style.column([report.date], 0.35 * width_mm, first_mm, bottom_mm)
    yield from style.column([report.place], 0.7 * width_mm, first_mm, bottom_mm)
    below_mm = first_mm + 1.4 * style.pitch_mm
    who = [report.name, f"{report.age}  {report.sex}"]
    yield from style.in_bold().column(who, left_mm, below_mm, bottom_mm)
    rate = words.rate.split()[-1]
    names = [rate[0].upper() + rate[1:], "PR", "QRSD", "QT", "QTc", "", "--AXIS--"]
    names += ["P", "QRS", "T"]
    values = [report.rate, report.pr_ms, report.qrs_ms, report.qt_ms, report.qtc_ms, "", ""]
    texts = [str(value) for value in (*values, *report.axes_deg)]
    table_mm = below_mm + 2.4 * style.pitch_mm
    yield from style.column(names, left_mm, table_mm, bottom_mm)
    yield from style.column(
        texts, left_mm + 10 * style.height_mm, table_mm, bottom_mm, is_right=True
    )
    dots = [f". {finding}" for finding in report.findings[:-1]]
    yield from style.column(dots, 0.3 * width_mm, below_mm, bottom_mm)
    verdict = [f"- {report.findings[-1].upper()} -", words.unconfirmed]
    verdict_mm = below_mm + (len(dots) + 1) * style.pitch_mm
    yield from style.in_bold().column(verdict, 0.42 * width_mm, verdict_mm, bottom_mm)


def corner_header(
    layout: LayoutSpec, report: Report, style: Style, _: np.random.Generator
) -> Iterator[TextLine]:
    """Patient at the left, measurements in the middle, the state of the diagnosis at the right."""
    words, bottom_mm, width_mm = report.words, header_bottom_mm(layout), layout.size_mm[0]
    first_mm = 1.8 * style.height_mm
    patient = [
        report.name,
        f"{words.identity}: {report.number}",
        report.date,
        f"{words.born}: {report.born}   {report.age}",
        f"{words.sex}: {report.sex}",
    ]
    yield from style.column(patient, 0.02 * width_mm, first_mm, bottom_mm)
    numbers = [f"{name}: {value} {unit}" for name, value, unit in _measured(report)]
    yield from style.column(numbers, 0.3 * width_mm, first_mm, bottom_mm)
    yield from style.column(report.findings, 0.55 * width_mm, first_mm, bottom_mm)
    state = style.in_bold().line(words.unconfirmed, 0.0, first_mm)
    wide_mm = 0.75 * style.height_mm * len(words.unconfirmed)
    if first_mm < bottom_mm:
        yield style.in_bold().line(state.text, width_mm - wide_mm - 6, first_mm)


def list_header(
    layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """Three lists with colons: who, what was measured, what it means and who signs."""
    words, bottom_mm, width_mm = report.words, header_bottom_mm(layout), layout.size_mm[0]
    first_mm = uniform(rng, 1.8, 2.6) * style.height_mm
    p_deg, qrs_deg, t_deg = report.axes_deg
    columns = (
        (
            f"{words.identity} : {report.number}",
            f"{words.name} : {report.name}",
            f"{words.sex} : {report.sex}   {words.age} : {report.age}",
            report.date,
        ),
        (
            f"HR      : {report.rate} bpm",
            f"PR      : {report.pr_ms} ms",
            f"QRS     : {report.qrs_ms} ms",
            f"QT/QTc  : {report.qt_ms}/{report.qtc_ms} ms",
            f"P/QRS/T : {p_deg}/{qrs_deg}/{t_deg} °",
            f"RV5/SV1 : {rng.uniform(0.3, 2.5):.2f}/{rng.uniform(0.2, 1.8):.2f} mV",
        ),
        (*report.findings, "", f"{words.confirmed_by}: {report.staff[2]}"),
    )
    for share, texts in zip((0.03, 0.34, 0.6), columns, strict=True):
        yield from style.column(texts, share * width_mm, first_mm, bottom_mm)


def terse_header(
    layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """One line about the patient, one of numbers, and coded statements below."""
    words, bottom_mm, width_mm = report.words, header_bottom_mm(layout), layout.size_mm[0]
    first_mm = 1.7 * style.height_mm
    head = (f"{words.identity} {report.number}", report.date, report.name, report.age, report.sex)
    for share, text in zip((0.02, 0.2, 0.45, 0.68, 0.8), head, strict=True):
        yield from style.column([text], share * width_mm, first_mm, bottom_mm)
    numbers = "  ".join(
        (
            f"{words.rate} {report.rate}/min",
            f"PR {report.pr_ms / 1000:.3f}s",
            f"QRS {report.qrs_ms / 1000:.3f}s",
            f"QT/QTc {report.qt_ms / 1000:.3f}/{report.qtc_ms / 1000:.3f}s",
        )
    )
    below_mm = first_mm + style.pitch_mm
    yield from style.column([numbers], 0.02 * width_mm, below_mm, bottom_mm)
    coded = [f"{rng.integers(1000, 9999)}  {finding}" for finding in report.findings[:-1]]
    coded.append(f"{rng.integers(1000, 9999)}  ** {report.findings[-1]} **")
    yield from style.column(coded, 0.55 * width_mm, below_mm + style.pitch_mm, bottom_mm)


def monitor_footer(layout: LayoutSpec, report: Report, rng: np.random.Generator) -> list[str]:
    """Speed, gain, filter, versions."""
    scale = layout.scale
    return [
        f"{scale.speed_mm_per_s:g}mm/s",
        f"{scale.gain_mm_per_mv:g}mm/mV",
        f"{rng.choice([40, 100, 150])}Hz",
        f"{rng.integers(4, 10)}.{rng.integers(10)}.{rng.integers(10)}",
        f"{rng.integers(5, 16)}LX {rng.integers(200, 260)}",
        f"CID: {rng.integers(1, 99)}",
        *([f"EID:{rng.integers(1, 999)} EDT: {report.date}"] if chance(rng, 0.5) else []),
    ]


def statement_footer(layout: LayoutSpec, _: Report, rng: np.random.Generator) -> list[str]:
    """Device, speed, a gain for the limb leads and one for the chest, filter, paper."""
    scale = layout.scale
    low, hertz = rng.choice(["0.05", "0.15", "0.5"]), rng.choice([50, 60])
    return [
        f"Dev: {rng.choice(['', 'C2', 'TC30', 'XL-7'])}",
        f"Speed: {scale.speed_mm_per_s:g} mm/sec",
        f"Limb: {scale.gain_mm_per_mv:g} mm/mV",
        f"Chest: {scale.gain_mm_per_mv:.1f} mm/mV",
        f"F {hertz}~ {low}-{rng.choice([40, 100, 150])} Hz",
        f"PH{rng.integers(8, 12)}0{rng.choice(['A', 'B', 'C'])} {rng.choice(['L', 'CL', ''])} P?",
    ]


def corner_footer(layout: LayoutSpec, _: Report, rng: np.random.Generator) -> list[str]:
    """Model, speed, gain, filter."""
    scale = layout.scale
    return [
        f"MD {rng.choice(['ECG', 'EL', 'X'])}{rng.integers(150, 400)}-{rng.integers(100, 500)}",
        f"{scale.speed_mm_per_s:g} mm/sec",
        f"{scale.gain_mm_per_mv:g} mm/mV",
        f"{rng.choice([50, 60])}~ 0.05 - {rng.choice([40, 150, 300])} Hz",
    ]


def list_footer(layout: LayoutSpec, report: Report, rng: np.random.Generator) -> list[str]:
    """First the filters, then the scale, the arrangement of the leads, and the version."""
    scale, leads = layout.scale, layout.leads
    arranged = f"{leads.n_columns}*{leads.column_s:g}s"
    return [
        f"{rng.choice(['0.05', '0.15', '0.67'])}~{rng.choice([35, 100, 150])}Hz",
        f"AC{rng.choice([50, 60])}",
        f"{scale.speed_mm_per_s:g}mm/s",
        f"{scale.gain_mm_per_mv:g}mm/mV",
        f"{arranged}+{len(leads.rhythm)}r" if leads.rhythm else arranged,
        f"HR {report.rate}",
        f"E-{rng.integers(3, 13)} V{rng.integers(1, 4)}.{rng.integers(10)}{rng.integers(10)}",
        f"{report.place}",
    ]


def terse_footer(layout: LayoutSpec, _: Report, rng: np.random.Generator) -> list[str]:
    """Gain and speed with stars, high cut and drift filters."""
    scale = layout.scale
    return [
        f"{scale.gain_mm_per_mv:g} mm/mV",
        f"{scale.speed_mm_per_s:g} mm/s",
        f"FILTER: H{rng.choice([75, 100, 150])} d {rng.choice([25, 35, 50])} Hz",
        *([f"{rng.integers(1000, 9999)} {rng.choice(['A', 'K'])}"] if chance(rng, 0.5) else []),
    ]


def free_header(
    layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """Columns about the patient, of measurements and of findings, in any order and number."""
    words, bottom_mm = report.words, header_bottom_mm(layout)
    person = [
        f"{words.identity}: {report.number}",
        f"{words.name}: {report.name}",
        f"{words.date}: {report.date}",
        f"{words.age}: {report.age}",
        f"{words.sex}: {report.sex}",
        f"{words.born}: {report.born}",
        f"{words.technician}: {report.staff[0]}",
    ]
    first = int(rng.integers(2))
    columns = (
        person[first : first + int(rng.integers(2, 7))],
        [f"{name}  {value} {unit}" for name, value, unit in _measured(report)],
        [*report.findings, words.unconfirmed if chance(rng, 0.3) else ""],
    )
    left_mm = uniform(rng, 2, 20)
    for index in sorted(rng.permutation(3)[: int(rng.integers(1, 4))]):
        first_mm = style.height_mm + uniform(rng, 1.5, 6)
        yield from style.column(columns[index], left_mm, first_mm, bottom_mm)
        left_mm += uniform(rng, 50, 90)


def free_footer(layout: LayoutSpec, _: Report, rng: np.random.Generator) -> list[str]:
    """Speed and gain, spelled somehow, and perhaps the filter and the mains."""
    speed, gain = layout.scale.speed_mm_per_s, layout.scale.gain_mm_per_mv
    blank, second = (" " if chance(rng, 0.4) else ""), str(rng.choice(["s", "s", "sec"]))
    texts = [f"{speed:g}{blank}mm/{second}", f"{gain:g}{blank}mm/mV"]
    if chance(rng, 0.5):
        texts.append(f"{rng.choice(['0.05', '0.15', '0.5'])}-{rng.choice([35, 40, 100, 150])} Hz")
    if chance(rng, 0.3):
        texts.append(f"{rng.choice(['F', '~', 'AC'])} {rng.choice([50, 60])}")
    return texts[::-1] if chance(rng, 0.2) else texts


def official_header(
    layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """Three columns, as on the official pages."""
    year, month, day = rng.integers(1984, 2002), rng.integers(1, 13), rng.integers(1, 29)
    clock = ":".join(f"{rng.integers(most):02d}" for most in (24, 60, 60))
    name = report.name if chance(rng, 0.2) else ""
    cm, kg = (" cm", " kg") if chance(rng, 0.6) else ("", "")
    columns = (
        (f"ID: {rng.integers(1, 22000):05d}_hr", f"Age: {report.age}s", f"Sex: {report.sex}"),
        (
            f"Name: {name}",
            f"Height: {rng.integers(145, 200)}{cm}",
        ),
        (f"Date: {year}-{month:02d}-{day:02d}, {clock}", f"Weight: {rng.integers(42, 130)}{kg}"),
    )
    first_mm = uniform(rng, 3.5, 5)
    for left_mm, texts in zip((1.5, 77.0, 152.0), columns, strict=True):
        yield from style.column(texts, left_mm, first_mm, header_bottom_mm(layout))
