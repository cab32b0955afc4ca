"""Every kind of file gives its pages; what is damaged, locked, too large or unreadable is told."""

import sys
import zlib

import numpy as np
import pillow_heif
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ecgpaper.errors import RecordError
from ecgpaper.files.inputs import pages_of
from ecgpaper.files.inputs.pdf import choose_dpi
from ecgpaper.runtime.bounds import MAX_IMAGE_PIXELS

# Light at the left, dark at the right, so that a turn and a mirror show.
RAMP = np.repeat(np.linspace(250, 5, 160).astype(np.uint8)[None], 120, axis=0)
PAGE = np.dstack([RAMP, RAMP, np.full_like(RAMP, 200)])


def mean_difference(pixels, expected):
    assert pixels.shape == expected.shape
    assert pixels.dtype == np.uint8
    return np.abs(pixels.astype(int) - expected).mean()


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "p.bmp", "p.webp", "p.tif", "p.gif"])
def test_a_picture_is_one_page(name, tmp_path):
    Image.fromarray(PAGE).save(tmp_path / name)
    (source,) = pages_of(tmp_path / name)
    assert (source.page, source.n_pages, str(source)) == (1, 1, str(tmp_path / name))
    assert mean_difference(source.read(), PAGE) < 3


def test_all_pages_of_a_tiff_are_read_each_at_its_own_size(tmp_path, caplog):
    sheets = [Image.fromarray(PAGE[: 120 - 10 * n]) for n in range(3)]
    sheets[0].save(tmp_path / "p.tif", save_all=True, append_images=sheets[1:])
    sources = pages_of(tmp_path / "p.tif")
    assert [source.page for source in sources] == [1, 2, 3]
    assert [source.read().shape[0] for source in sources] == [120, 110, 100]
    assert str(sources[1]).endswith("p.tif, page 2 of 3")
    assert caplog.records == []


def test_turns_of_a_camera_are_done(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(PAGE).copy()).save(tmp_path / "p.jpg", exif=exif)
    assert mean_difference(pages_of(tmp_path / "p.jpg")[0].read(), PAGE) < 3


def test_a_heic_photo_is_turned_as_it_was_taken(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(np.rot90(PAGE).copy())
    pillow_heif.from_pillow(turned).save(tmp_path / "p.heic", quality=90, exif=exif.tobytes())
    (source,) = pages_of(tmp_path / "p.heic")
    assert mean_difference(source.read(), PAGE) < 4


def scanned_pdf(file, *sizes_pt):
    canvas = Canvas(str(file))
    for width, height in sizes_pt:
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(Image.fromarray(PAGE)), 0, 0, width, height)
        canvas.showPage()
    canvas.save()


def test_a_scanned_page_of_a_pdf_keeps_its_own_pixels(tmp_path):
    scanned_pdf(tmp_path / "p.pdf", (160 * 0.48, 120 * 0.48), (1600, 1200))
    sources = pages_of(tmp_path / "p.pdf")
    assert [(source.page, source.n_pages) for source in sources] == [(1, 2), (2, 2)]
    for source in sources:
        assert mean_difference(source.read(), PAGE) < 1


def drawn_pdf(file, width_mm, height_mm, password=None):
    canvas = Canvas(str(file), (width_mm * 72 / 25.4, height_mm * 72 / 25.4), encrypt=password)
    canvas.line(0, 0, 100, 100)
    canvas.drawImage(ImageReader(Image.fromarray(PAGE)), 0, 0, 20, 15)
    canvas.showPage()
    canvas.save()


def test_a_drawn_page_has_300_dpi_whatever_its_logo_has(tmp_path):
    drawn_pdf(tmp_path / "p.pdf", 50.8, 25.4)
    assert pages_of(tmp_path / "p.pdf")[0].read().shape == (300, 600, 3)


def test_dpi_follow_what_a_page_is():
    assert choose_dpi((720, 360), [(720 * 360, 147.0)], has_lines=False) == 147.0
    assert choose_dpi((720, 360), [(720 * 360, 147.0)], has_lines=True) == 300.0
    assert choose_dpi((720, 360), [(720 * 360, 600.0)], has_lines=True) == 600.0
    assert choose_dpi((720, 360), [(72 * 36, 600.0)], has_lines=False) == 300.0
    assert choose_dpi((720, 360), [], has_lines=False) == 300.0


@pytest.mark.parametrize("sides_m", [(5, 5), (0.1, 5)])
def test_a_page_of_meters_has_no_more_pixels_than_a_picture_may_have(sides_m):
    size_pt = [side * 72 / 0.0254 for side in sides_m]
    dpi = choose_dpi(tuple(size_pt), [], has_lines=True)
    n_pixels = np.prod([np.ceil(side * dpi / 72) for side in size_pt])
    assert 0.9 * min(MAX_IMAGE_PIXELS, sides_m[0] * sides_m[1] * 1.395e8) < n_pixels
    assert n_pixels <= MAX_IMAGE_PIXELS


def plain_pdf(file, objects):
    """Write a PDF of these objects, the first of them its catalog, by hand: makers are slow."""
    content, starts = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        starts.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    n_objects, at = len(objects) + 1, len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (n_objects, table)
    content += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (n_objects, at)
    file.write_bytes(content)


def test_a_giant_picture_on_a_small_page_is_refused_before_it_is_unpacked(tmp_path):
    bits, drawn = zlib.compress(bytes(20_000 * 20_000 // 8), 1), b"200 0 0 200 0 0 cm /P Do"
    plain_pdf(
        tmp_path / "p.pdf",
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 5 0 R"
            b"/Resources<</XObject<</P 4 0 R>>>>>>",
            b"<</Type/XObject/Subtype/Image/Width 20000/Height 20000/BitsPerComponent 1"
            b"/ColorSpace/DeviceGray/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
            % (len(bits), bits),
            b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        ],
    )
    (source,) = pages_of(tmp_path / "p.pdf")
    with pytest.raises(RecordError, match="20000 x 20000"):
        source.read()


def test_a_locked_pdf_says_so(tmp_path):
    drawn_pdf(tmp_path / "p.pdf", 50, 50, password="secret")  # noqa: S106
    with pytest.raises(RecordError, match="without its password"):
        pages_of(tmp_path / "p.pdf")


def dicom(file, **values):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.save_as(file, enforce_file_format=True)


def captured(pixels, meaning, **others):
    pixels = np.asarray(pixels)
    n_frames, rows, columns = pixels.shape[:3]
    n_bits = pixels.dtype.itemsize * 8
    values = {
        "Rows": rows,
        "Columns": columns,
        "NumberOfFrames": n_frames,
        "SamplesPerPixel": pixels.shape[3] if pixels.ndim == 4 else 1,
        "PhotometricInterpretation": meaning,
        "BitsAllocated": n_bits,
        "BitsStored": n_bits,
        "HighBit": n_bits - 1,
        "PixelRepresentation": 0,
        "PixelData": pixels.tobytes(),
    }
    if pixels.ndim == 4:
        values["PlanarConfiguration"] = 0
    return values | others


GRAY = np.dstack([RAMP, RAMP, RAMP])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (captured(PAGE[None], "RGB"), PAGE),
        (captured(RAMP[None], "MONOCHROME2"), GRAY),
        (captured(255 - RAMP[None], "MONOCHROME1"), GRAY),
        (captured(RAMP[None].astype(np.uint16) * 16, "MONOCHROME2", BitsStored=12), GRAY),
        (
            captured(
                *(RAMP[None].astype(np.uint16) * 257, "MONOCHROME2"),
            ),
            GRAY,
        ),
    ],
    ids=["RGB", "light", "dark", "12 bits", "16 bits"],
)
def test_a_secondary_capture_is_read_as_it_is_meant(values, expected, tmp_path):
    dicom(tmp_path / "IM0001", **values)
    (source,) = pages_of(tmp_path / "IM0001")
    assert mean_difference(source.read(), expected) < 2


def test_each_frame_of_a_capture_is_a_page(tmp_path):
    dicom(tmp_path / "p.dcm", **captured(np.stack([PAGE, PAGE[:, ::-1]]), "RGB"))
    first, second = pages_of(tmp_path / "p.dcm")
    assert mean_difference(first.read(), PAGE) == 0
    assert mean_difference(second.read(), PAGE[:, ::-1]) == 0


def test_pages_of_a_pdf_within_a_dicom_file_are_read(tmp_path):
    scanned_pdf(tmp_path / "p.pdf", (160, 120), (160, 120))
    content = (tmp_path / "p.pdf").read_bytes()
    content += b"\0" * (len(content) % 2)
    dicom(tmp_path / "p.dcm", EncapsulatedDocument=content, Modality="DOC")
    sources = pages_of(tmp_path / "p.dcm")
    assert len(sources) == 2
    assert mean_difference(sources[1].read(), PAGE) < 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"WaveformSequence": []}, "holds signals, not paper"),
        ({"Modality": "OT"}, "holds neither"),
        ({"EncapsulatedDocument": b"<xml/>"}, "expected a PDF"),
        (captured(PAGE[None], "RGB") | {"Rows": 60_000, "Columns": 60_000}, "60000 x 60000"),
    ],
)
def test_a_dicom_file_without_a_page_says_what_it_is(values, told, tmp_path):
    dicom(tmp_path / "p.dcm", **values)
    with pytest.raises(RecordError, match=told):
        pages_of(tmp_path / "p.dcm")


def whole_files(folder):
    Image.fromarray(PAGE).save(
        folder / "p.tif", save_all=True, append_images=[Image.new("L", RAMP.shape)]
    )
    pillow_heif.from_pillow(Image.fromarray(PAGE)).save(folder / "p.heic")
    scanned_pdf(folder / "p.pdf", (160, 120))
    dicom(folder / "p.dcm", **captured(PAGE[None], "RGB"))
    return sorted(folder.iterdir())


def test_files_that_are_cut_off_or_overwritten_are_read_or_told(tmp_path):
    rng = np.random.default_rng(3)
    counts = {"read": 0, "told": 0}
    for file in whole_files(tmp_path):
        whole = file.read_bytes()
        for _ in range(40):
            content = bytearray(whole[: int(len(whole) * rng.choice([1, 1, rng.random()]))])
            for at in rng.integers(0, max(1, len(content)), rng.integers(0, 9)):
                content[at : at + 1] = rng.bytes(1)
            file.write_bytes(content)
            try:
                for source in pages_of(file)[:3]:
                    assert source.read().ndim == 3
                counts["read"] += 1
            except RecordError:
                counts["told"] += 1
    assert min(counts.values()) > 20


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("p.pdf", "pypdfium2", "pdf"),
        ("p.heic", "pillow_heif", "heic"),
        ("p.dcm", "pydicom", "dicom"),
    ],
)
def test_a_reader_that_is_not_installed_says_how_to_get_it(
    name, module, extra, tmp_path, monkeypatch
):
    whole_files(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RecordError, match=rf"needs {module}; .*pip install 'ecgpaper\[{extra}\]'"):
        pages_of(tmp_path / name)[0].read()


def test_what_a_file_holds_counts_and_not_its_ending(tmp_path):
    scanned_pdf(tmp_path / "p.png", (160, 120), (160, 120))
    assert [source.kind for source in pages_of(tmp_path / "p.png")] == ["PDF", "PDF"]


def test_ten_thousand_pages_are_counted_without_being_drawn(tmp_path):
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 10_003))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
    pages = b"<</Type/Pages/Count 10000/Kids[%s]>>" % kids
    plain_pdf(tmp_path / "p.pdf", [b"<</Type/Catalog/Pages 2 0 R>>", pages, *[page] * 10_000])
    sources = pages_of(tmp_path / "p.pdf")
    assert len(sources) == 10_000
    assert sources[-1].read().shape == (417, 417, 3)


def test_a_file_that_says_it_has_a_billion_pages_is_refused(tmp_path):
    dicom(tmp_path / "p.dcm", **captured(PAGE[None], "RGB") | {"NumberOfFrames": 10**9})
    with pytest.raises(RecordError, match="1000000000"):
        pages_of(tmp_path / "p.dcm")
