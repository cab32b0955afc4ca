"""Headers that nobody should write and somebody does, mutations of good ones, and toy models."""

from collections import namedtuple

import cv2
import numpy as np

from ecgpaper.digitize import Digitization
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale

NAME = "r1"
FS_HZ = 100
N_SAMPLES = 1000
RECORD_LINE = f"{NAME} 2 {FS_HZ} {N_SAMPLES}"
COMMENTS = ("# Age: 56", "# Sex: Female", f"# Image: {NAME}-0.png")


def line(name="I", *, file=f"{NAME}.dat", stored="16", gain="1000.0(0)/mV", rest="16 0 0 0 0"):
    return f"{file} {stored} {gain} {rest} {name}"


def header(signals=None, *, record=RECORD_LINE, comments=COMMENTS):
    signals = [line("I"), line("V1")] if signals is None else signals
    return "\n".join([record, *signals, *comments]) + "\n"


def both(**options):
    """Return a header whose two signals are stored in the same way."""
    return header([line("I", **options), line("V1", **options)])


def named(first, second="V1"):
    return header([line(first), line(second)])


GOOD = header()
HIDDEN = header([line("I", rest="16 0   "), line("V1", rest="16 0   ")], comments=COMMENTS[2:])
TWELVE = header(
    [line(name) for name in STANDARD_ORDER], record=f"{NAME} 12 {FS_HZ} {N_SAMPLES} 09:17:34"
)

# What is odd, and read all the same: name -> header.
READ = {
    "good": GOOD,
    "hidden": HIDDEN,
    "twelve leads": TWELVE,
    "tabs": GOOD.replace(" ", "\t"),
    "tabs in the record line": GOOD.replace(" ", "\t", 3),
    "hidden with tabs": HIDDEN.replace(" ", "\t"),
    "two blanks in the record line": GOOD.replace(f"{NAME} 2", f"{NAME}  2"),
    "two blanks before the frequency": GOOD.replace(f"{NAME} 2 ", f"{NAME} 2  "),
    "two blanks before the frequency, no length": header(record=f"{NAME} 2  {FS_HZ}"),
    "two blanks in a signal line": GOOD.replace(".dat 16", ".dat  16"),
    "two blanks everywhere": GOOD.replace(" ", "  "),
    "hidden with one blank": HIDDEN.replace("    ", " "),
    "blank first line": "\n" + GOOD,
    "three blank first lines": "\n \n\t\n" + GOOD,
    "comment first": "# made by hand\n" + GOOD,
    "blank lines between": GOOD.replace("\n", "\n\n"),
    "indented": "\n".join(" " + text for text in GOOD.split("\n")),
    "comment between the signals": GOOD.replace("I\n", "I\n# second lead\n", 1),
    "lines end in CR LF": GOOD.replace("\n", "\r\n"),
    "lines end in CR": GOOD.replace("\n", "\r"),
    "no final newline": GOOD[:-1],
    "Latin-1 comment": (GOOD + "# Ger\u00e4t: B\u00fcro\n").encode("latin-1"),
    "UTF-8 comment": (GOOD + "# Ger\u00e4t: \u5fc3\u96fb\u56f3\n").encode(),
    "UTF-8 with a mark": GOOD.encode("utf-8-sig"),
    "UTF-16": GOOD.encode("utf-16"),
    "time and date": header(record=f"{RECORD_LINE} 09:17:34 09/11/1984 "),
    "no number of samples": header(record=f"{NAME} 2 {FS_HZ}"),
    "zero samples": header(record=f"{NAME} 2 {FS_HZ} 0"),
    "lower case names": named("i", "v1"),
    "names of no lead": named("RESP", "PLETH"),
    "names with quotes": named('"I"', "'V1'"),
    "names with dots": named("I.", "V.1"),
    "signs for names": named("#", "%"),
    "letters for names": named("\u5fc3", "\u00e4"),
    "name with a blank": named("I lead", "V1"),
    "long name": named("I" * 300),
    "microvolts": both(gain="1(0)/uV"),
    "unit with a Greek letter": both(gain="1(0)/\u00b5V"),
    "no unit": both(gain="1000(0)"),
    "no baseline": both(gain="1000/mV"),
    "baseline of 100": both(gain="1000(100)/mV"),
    "gain of 200": both(gain="200"),
    "tiny gain": both(gain="0.001(0)/mV"),
    "huge gain": both(gain="1e300(0)/mV"),
    "other units": both(gain="1000(0)/mmHg"),
    "format 80": both(stored="80"),
    "format 212": both(stored="212"),
    "format 24": both(stored="24"),
    "format 32": both(stored="32"),
    "two formats": header([line("I"), line("V1", stored="212")]),
    "samples per frame": both(stored="16x1"),
    "skew and offset": both(stored="16:3+24"),
    "odd checksums": both(rest="16 0 x y z"),
    "other signal file": both(file="other.dat"),
    "signal file elsewhere": both(file="../../r1.dat"),
    "label line": GOOD + "# Labels: NORM\n",
    "no image": header(comments=()),
    "image that is missing": header(comments=["# Image: gone.png"]),
    "image with a null byte": header(comments=["# Image: a\0b.png"]),
    "age that is none": header(comments=["# Age: 1e300", "# Sex: ?", *COMMENTS[2:]]),
    "other name": GOOD.replace(f"{NAME} 2", "other 2"),
    "more lines than signals": header([line("I"), line("V1"), line("V2")]),
    "baseline out of range": both(gain="1000(99999)/mV"),
}
# What no signal can be saved under, or no signal can be found in.
REFUSED = {
    "empty": "",
    "blank": "\n \n",
    "one word": "r1\n",
    "only comments": "\n".join(COMMENTS),
    "no signals": header([], record=f"{NAME} 0 {FS_HZ} {N_SAMPLES}"),
    "no number of signals": GOOD.replace(f"{NAME} 2", NAME),
    "negative number of signals": GOOD.replace(f"{NAME} 2", f"{NAME} -2"),
    "number of signals in letters": GOOD.replace(f"{NAME} 2", f"{NAME} two"),
    "half a signal": GOOD.replace(f"{NAME} 2", f"{NAME} 1.5"),
    "300 signals": GOOD.replace(f"{NAME} 2", f"{NAME} 300"),
    "endless signals": GOOD.replace(f"{NAME} 2", f"{NAME} 999999999999"),
    **{
        f"{n} samples": header(record=f"{NAME} 2 {FS_HZ} {n}")
        for n in ("-1000", "many", "10.5", "nan", "1e300", "999999999999")
    },
    "no sampling frequency": header(record=f"{NAME} 2"),
    **{
        f"sampling frequency {fs}": header(record=f"{NAME} 2 {fs} {N_SAMPLES}")
        for fs in ("0", "-100", "nan", "inf", "1e300", "x", "1e9")
    },
    "leads of one name": named("I", "I"),
    "name with a tab": named("I\tII", "I\tII"),
    "short signal lines": header(["r1.dat 16", "r1.dat 16"]),
    "signal lines of one word": header(["r1.dat", "r1.dat"]),
    "signal lines without names": header([line("").strip()] * 2),
    "signal line missing": header([line("I")]),
    **{
        f"gain {gain}": both(gain=f"{gain}(0)/mV")
        for gain in ("nan", "inf", "x", "1,000", "", "-1000")
    },
    "gain without its second parenthesis": both(gain="1000(3/mV"),
    "baseline in letters": both(gain="1000(x)/mV"),
    "no baseline between parentheses": both(gain="1000()/mV"),
    "broken baseline": both(gain="1000(0.5)/mV"),
    **{
        f"format {stored}": both(stored=stored)
        for stored in ("0", "8", "61", "160", "310", "999", "-16", "x", "sixteen", "16.0")
    },
    "binary": bytes(range(256)) * 4,
    "zeros": bytes(1000),
    "UTF-16 without a mark": GOOD.encode("utf-16-le"),
    "UTF-32": GOOD.encode("utf-32-le"),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(200)),
}
HOSTILE = READ | REFUSED


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


# --- mutations: what happens to files ---

Mutation = namedtuple("Mutation", "kind place value")
KINDS = ("flip", "cut", "drop line", "repeat line", "swap lines", "number", "insert", "blank")
NUMBERS = ("0", "-1", "nan", "inf", "1e300", "1e9", "999999999999", "1.5", "", "x", "2", "65536")
INSERTED = (b" ", b"\t", b"\n", b"\r", b"#", b"/", b"(", b")", b",", b"\0", b"\xe4", b"+", b".")


def mutate(content, mutations):
    """Damage a header; a place is a share of it."""
    for mutation in mutations:
        content = _mutate(content, mutation)
    return content


def _mutate(content, mutation):
    kind, place, value = mutation
    if kind in {"flip", "cut", "insert"}:
        at = int(place * len(content))
        flipped = bytes([content[at] ^ (1 << value % 8)]) if kind == "flip" and content else b""
        middle = INSERTED[value % len(INSERTED)] if kind == "insert" else flipped
        after = {"flip": content[at + 1 :], "cut": b"", "insert": content[at:]}[kind]
        return content[:at] + middle + after
    separator = b"\n" if "line" in kind else b" "
    parts = content.split(separator)
    at, other = int(place * len(parts)), value % len(parts)
    if kind == "drop line":
        del parts[at]
    elif kind == "repeat line":
        parts.insert(at, parts[at])
    elif kind == "swap lines":
        parts[at], parts[other] = parts[other], parts[at]
    else:
        parts[at] = b"" if kind == "blank" else NUMBERS[value % len(NUMBERS)].encode()
    return separator.join(parts)


# --- folders and models to run them with ---


def write_record(folder, content, name=NAME):
    """Write a header, the picture of a page, and signals for as many leads as there may be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.hea").write_bytes(as_bytes(content))
    (folder / f"{name}.dat").write_bytes(np.arange(12 * N_SAMPLES, dtype="<i2").tobytes())
    cv2.imwrite(str(folder / f"{name}-0.png"), np.full((60, 80, 3), 200, np.uint8))
    return str(folder / name)


class ToyDigitizer:
    """Reads the same waves, of up to 1 mV, on each picture; nothing of lead I."""

    def digitize(self, photo, *, fs):
        n_samples = round(10 * fs)
        signal_mv = np.sin(np.arange(n_samples)[:, None] * 0.1 + np.arange(12))
        signal_mv[:, 0] = np.nan
        strip = Strip(LAYOUTS["3x4+1R"].segments[-1], 10.0, 60.0)
        layout = PageLayout("3x4+1R", (1.0, 1.0), PaperScale(), (strip,))
        page, scale = FlatPage(photo, Homography.identity()), GridScale((1.0, 1.0))
        ecg, zeros = Ecg(signal_mv, fs, STANDARD_ORDER), np.zeros(12)
        confidence = np.ones_like(signal_mv)
        return Digitization(
            *(ecg, confidence, page, scale, layout, (), 1.0, (), None, Said(), zeros, zeros)
        )


class ToyClassifier:
    """Finds every heart normal."""

    Diagnosis = namedtuple("Diagnosis", "labels")

    def diagnose(self, ecg, sights, *, age_years=None, sex=None):
        assert age_years is None or np.isfinite(age_years)
        assert sex in {None, "Female", "Male"}
        assert np.isfinite(ecg.signal_mv).any() or np.isnan(ecg.signal_mv).all()
        return self.Diagnosis(("NORM",) * max(1, min(1, len(sights))))


TOYS = ToyDigitizer(), ToyClassifier()
