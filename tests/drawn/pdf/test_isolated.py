import time
import zlib

import pytest

from ecgpaper.drawn.pdf.isolated import load_drawing
from ecgpaper.errors import DrawingError

pytest.importorskip("pypdfium2", reason="an optional extra")


def write_pdf(file, content, forms=()):
    """Write a PDF of one page; `forms` are contents that may call each other as /F0, /F1..."""
    names = " ".join(f"/F{index} {5 + index} 0 R" for index in range(len(forms)))
    resources = f"/Resources << /XObject << {names} >> >>".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 595] /Contents 4 0 R "
        + resources
        + b">>",
        stream(content, b""),
    ]
    head = b"/Type /XObject /Subtype /Form /BBox [-1e6 -1e6 1e6 1e6] " + resources
    objects += [stream(form, head) for form in forms]
    out = b"%PDF-1.5\n"
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Root 1 0 R /Size %d >>\n"
    end = end % (len(objects) + 1, table, len(objects) + 1)
    file.write_bytes(out + end + b"startxref\n%d\n%%%%EOF\n" % len(out))
    return file


def stream(content, head):
    packed = zlib.compress(content)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        head,
        len(packed),
        packed,
    )


def test_lines_are_seen_where_they_are_drawn(tmp_path):
    file = write_pdf(tmp_path / "a.pdf", b"2 0 0 2 10 20 cm 0 0 m 5 5 l 9 0 l S")
    drawing = load_drawing(file, 1)
    assert drawing.stroke(0).tolist() == [[10, 575], [20, 565], [28, 575]]


def test_forms_within_forms_are_placed(tmp_path):
    forms = [b"1 0 0 1 100 0 cm /F1 Do", b"0 0 m 5 5 l S"]
    drawing = load_drawing(write_pdf(tmp_path / "a.pdf", b"2 0 0 2 0 0 cm /F0 Do", forms), 1)
    assert drawing.stroke(0).tolist() == [[200, 595], [210, 585]]


@pytest.mark.parametrize(
    ("content", "forms"),
    [
        (b"0 0 m " + b"1 1 l 2 2 l " * 1_000_000 + b"S", ()),
        pytest.param(b"0 0 m 1 1 l S " * 1_000_000, (), marks=pytest.mark.slow),
        pytest.param(
            b"/F0 Do",
            [*(b"/F%d Do " % (index + 1) * 20 for index in range(9)), b"0 0 m 1 1 l S"],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["a path of two million lines", "a million paths", "forms to the ninth power"],
)
def test_a_page_that_asks_for_too_much_is_refused_in_time(tmp_path, content, forms):
    file = write_pdf(tmp_path / "a.pdf", content, forms)
    start_s = time.monotonic()
    with pytest.raises(DrawingError, match="page"):
        load_drawing(file, 1)
    assert time.monotonic() - start_s < 40


def test_a_form_that_calls_itself_is_refused(tmp_path):
    file = write_pdf(tmp_path / "a.pdf", b"/F0 Do", [b"0 0 m 5 5 l S /F0 Do"])
    with pytest.raises(DrawingError, match="forms within each other"):
        load_drawing(file, 1)


def test_points_beyond_any_page_are_left_out(tmp_path):
    content = b"1e30 0 m 1e38 1e38 l S 1e20 0 0 1e20 0 0 cm 1e30 0 m 5 5 l S"
    assert load_drawing(write_pdf(tmp_path / "a.pdf", content), 1).n_strokes == 0


def test_what_is_no_pdf_is_refused_with_a_reason(tmp_path):
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.5 and nothing else")
    with pytest.raises(DrawingError, match="whole, open PDF"):
        load_drawing(file, 1)
    with pytest.raises(DrawingError, match=r"a\.pdf"):
        load_drawing(tmp_path / "missing" / "a.pdf", 1)
    with pytest.raises(DrawingError, match="none numbered 2"):
        load_drawing(write_pdf(file, b""), 2)
