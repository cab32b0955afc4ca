import io
import os
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import (
    find_records,
    read_ecg,
    read_header,
    read_image,
    write_record,
)
from ecgpaper.runtime.bounds import MAX_IMAGE_PIXELS

HIDDEN = """00001_hr 3 500 5000
00001_hr.dat 16 1000.0(0)/mV 16 0    V1
00001_hr.dat 16 1000.0(0)/mV 16 0    AVR
00001_hr.dat 16 1000.0(0)/mV 16 0    i
# Image: 00001_hr-0.png, 00001_hr-1.jpg
"""


def draw_ecg(lead_names=STANDARD_ORDER, *, fs=500.0, n_samples=200):
    rng = np.random.default_rng(3)
    return Ecg(rng.normal(size=(n_samples, len(lead_names))), fs, tuple(lead_names))


def write_header(folder, text, name="00001_hr"):
    (folder / f"{name}.hea").write_text(text)
    return folder / name


def test_what_is_written_is_read(tmp_path):
    ecg = draw_ecg(("V6", "aVL", "II"), fs=360.0)
    ecg.signal_mv[5:9, 1] = np.nan
    write_record(tmp_path, "a_1", ecg, comments=["Age: 56", "Sex: Female"], labels=["NORM", "CD"])
    read = read_ecg(tmp_path / "a_1")
    assert (read.fs, read.lead_names) == (360.0, ("V6", "aVL", "II"))
    np.testing.assert_array_equal(np.isnan(read.signal_mv), np.isnan(ecg.signal_mv))
    np.testing.assert_allclose(read.signal_mv, ecg.signal_mv, atol=0.00051)
    header = read_header(tmp_path / "a_1.hea")
    assert (header.age_years, header.sex, header.labels) == (56, "Female", ("NORM", "CD"))
    assert (header.name, header.n_samples, header.image_names) == ("a_1", 200, ())


def test_header_is_written_as_the_challenge_writes_it(tmp_path):
    ecg = Ecg(np.array([[-0.119, 1.0], [0.5, np.nan]]), 500.0, ("I", "II"))
    write_record(tmp_path, "r", ecg, comments=["Age: 56"], labels=[], image_names=["r-0.png"])
    assert (tmp_path / "r.hea").read_text() == (
        "r 2 500 2\n"
        "r.dat 16 1000.0(0)/mV 16 0 -119 381 0 I\n"
        "r.dat 16 1000.0(0)/mV 16 0 1000 33768 0 II\n"
        "# Age: 56\n# Labels: \n# Image: r-0.png\n"
    )
    digital = np.frombuffer((tmp_path / "r.dat").read_bytes(), "<i2")
    assert digital.tolist() == [-119, 1000, 500, -32768]


def test_voltages_beyond_sixteen_bits_are_clipped(tmp_path):
    write_record(tmp_path, "r", Ecg(np.array([[99.0], [-99.0]]), 500.0, ("I",)))
    np.testing.assert_allclose(read_ecg(tmp_path / "r").lead("I"), [32.767, -32.767])


def test_name_with_a_dot_is_refused(tmp_path):
    with pytest.raises(ValueError, match="made of"):
        write_record(tmp_path, "a.b", draw_ecg())


def test_nothing_but_the_record_is_left_behind(tmp_path):
    write_record(tmp_path / "new" / "folder", "r", draw_ecg())
    names = sorted(file.name for file in (tmp_path / "new" / "folder").iterdir())
    assert names == ["r.dat", "r.hea"]


def test_records_are_found_in_subfolders_in_string_order(tmp_path):
    for name in ("b/10", "b/9", "a", "B", "b/c/a", "b/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.hea").touch()
    (tmp_path / ".hea").touch()
    (tmp_path / "c.HEA").touch()
    assert find_records(tmp_path) == ["B", "a", "b/10", "b/9", "b/c/a", "b/x"]
    assert find_records(tmp_path / "missing") == []


def test_hidden_header_keeps_its_leads_and_images(tmp_path):
    header = read_header(write_header(tmp_path, HIDDEN))
    assert header.lead_names == ("V1", "aVR", "I")
    assert header.raw_lead_names == ("V1", "AVR", "i")
    assert (header.fs, header.n_samples) == (500.0, 5000)
    assert header.image_names == ("00001_hr-0.png", "00001_hr-1.jpg")
    assert (header.labels, header.age_years, header.sex) == ((), None, None)


def test_signals_of_a_hidden_header_are_read(tmp_path):
    write_header(tmp_path, HIDDEN)
    (tmp_path / "00001_hr.dat").write_bytes(np.arange(15000, dtype="<i2").tobytes())
    ecg = read_ecg(tmp_path / "00001_hr")
    assert ecg.signal_mv.shape == (5000, 3)
    assert ecg.lead("aVR")[1] == pytest.approx(0.004)


@pytest.mark.parametrize("text", ["Unknown", "", "nan"])
def test_unknown_demographics_are_none(tmp_path, text):
    header = read_header(write_header(tmp_path, f"{HIDDEN}# Age: {text}\n#Sex: {text}\n"))
    assert (header.age_years, header.sex, header.comment("Age")) == (None, None, None)


def test_header_may_begin_with_a_comment_and_carry_time_and_date(tmp_path):
    text = "# made by hand\n\nr/2 1 250/1(0) 30 09:00:00 01/01/2000\nr.dat 16 200 12 0 0 0 0 aVf\n"
    header = read_header(write_header(tmp_path, text, "r"))
    assert (header.name, header.fs, header.n_samples) == ("r", 250.0, 30)
    assert header.lead_names == ("aVF",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with"),
        ("r 12\n", "must begin with"),
        ("r 1 x 30\nr.dat 16 200 12 0 0 0 0 I\n", "must begin with"),
        ("r 2 500 30\nr.dat 16 200 12 0 0 0 0 I\n", "must describe 2 signals"),
    ],
)
def test_broken_header_says_what_is_wrong(tmp_path, text, message):
    with pytest.raises(RecordError, match=message):
        read_header(write_header(tmp_path, text, "r"))


def test_missing_header_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"none\.hea"):
        read_header(tmp_path / "none")


@pytest.mark.parametrize("n_bytes", [0, 7, 101])
def test_truncated_signal_is_a_record_error(tmp_path, n_bytes):
    write_header(tmp_path, HIDDEN)
    (tmp_path / "00001_hr.dat").write_bytes(bytes(n_bytes))
    with pytest.raises(RecordError, match="copy the record again"):
        read_ecg(tmp_path / "00001_hr")


def test_missing_signal_is_a_record_error(tmp_path):
    with pytest.raises(RecordError, match="names the signal file"):
        read_ecg(write_header(tmp_path, HIDDEN))


@pytest.mark.parametrize(("unit", "factor"), [("uV", 1e-3), ("mV", 1.0), ("V", 1e3)])
def test_voltages_come_in_millivolts(tmp_path, unit, factor):
    write_header(tmp_path, f"r 1 100 2\nr.dat 16 10(0)/{unit} 16 0 0 0 0 I\n", "r")
    (tmp_path / "r.dat").write_bytes(np.array([10, 20], "<i2").tobytes())
    np.testing.assert_allclose(read_ecg(tmp_path / "r").lead("I"), np.array([1, 2]) * factor)


@pytest.mark.parametrize(("gain", "mv"), [("10", 1.0), ("10(0)", 1.0), ("10/µV", 1e-3)])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_units_are_read_in_any_encoding(tmp_path, gain, mv, encoding):
    text = f"r 1 100 1\nr.dat 16 {gain} 16 0 0 0 0 I\n"
    (tmp_path / "r.hea").write_bytes(text.encode(encoding))
    (tmp_path / "r.dat").write_bytes(np.array([10], "<i2").tobytes())
    np.testing.assert_allclose(read_ecg(tmp_path / "r").lead("I"), [mv])


@pytest.mark.parametrize(("unit", "lead"), [("mmHg", "I"), ("mV", "II")])
def test_signals_that_are_no_ecg_are_record_errors(tmp_path, unit, lead):
    lines = [f"r.dat 16 10(0)/{unit} 16 0 0 0 0 {name}" for name in (lead, "ii")]
    write_header(tmp_path, "\n".join(["r 2 100 1", *lines, ""]), "r")
    (tmp_path / "r.dat").write_bytes(bytes(4))
    with pytest.raises(RecordError, match=r"mV|once"):
        read_ecg(tmp_path / "r")


# --- images ---

RED_LEFT = np.zeros((20, 30, 3), np.uint8)
RED_LEFT[:, :15, 0] = 250
RED_LEFT[:, 15:] = 255


def as_gray_ramp():
    return np.tile(np.linspace(0, 65535, 30).astype(np.uint16), (20, 1))


@pytest.mark.parametrize("extension", ["png", "jpg", "tiff", "bmp", "webp"])
def test_each_format_is_read_as_rgb(tmp_path, extension):
    path = tmp_path / f"page.{extension}"
    Image.fromarray(RED_LEFT).save(path)
    pixels = read_image(path)
    assert (pixels.dtype, pixels.shape) == (np.uint8, (20, 30, 3))
    np.testing.assert_allclose(pixels[10, [3, 26]], RED_LEFT[10, [3, 26]], atol=12)


@pytest.mark.parametrize(
    ("orientation", "place"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")]
)
def test_exif_rotation_is_undone(tmp_path, orientation, place):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RED_LEFT).save(tmp_path / "photo.jpg", exif=exif)
    is_red = read_image(tmp_path / "photo.jpg")[..., 1] < 128
    halves = {
        "left": is_red[:, : is_red.shape[1] // 3],
        "right": is_red[:, -is_red.shape[1] // 3 :],
        "top": is_red[: is_red.shape[0] // 3],
        "bottom": is_red[-is_red.shape[0] // 3 :],
    }
    assert halves[place].all()
    assert not is_red.all()


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, extension):
    Image.fromarray(as_gray_ramp()).save(tmp_path / f"scan.{extension}")
    pixels = read_image(tmp_path / f"scan.{extension}")
    assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == ([0] * 3, [255] * 3)
    np.testing.assert_allclose(pixels[0, :, 0], as_gray_ramp()[0] / 257, atol=1)


@pytest.mark.parametrize(("scale", "dtype"), [(1.0, np.float32), (65535.0, np.int32)])
def test_floating_and_long_grays_are_scaled(tmp_path, scale, dtype):
    gray = (np.tile(np.linspace(0, 1, 30), (20, 1)) * scale).astype(dtype)
    Image.fromarray(gray).save(tmp_path / "scan.tiff")
    np.testing.assert_allclose(
        read_image(tmp_path / "scan.tiff")[0, :, 1], np.linspace(0, 255, 30), atol=1
    )


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA", "PA"])
def test_each_mode_shows_the_same_picture(tmp_path, mode):
    black_left = np.where(np.arange(30) < 15, 0, 255).astype(np.uint8) * np.ones((20, 1), np.uint8)
    image = Image.fromarray(black_left).convert("RGB")
    image = image.convert("P").convert("PA") if mode == "PA" else image.convert(mode)
    path = tmp_path / ("page.tiff" if mode in {"CMYK", "PA"} else "page.png")
    image.save(path)
    np.testing.assert_allclose(read_image(path)[5, [2, 28]], [[0] * 3, [255] * 3], atol=2)


def test_transparency_is_white_paper(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, 2:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "page.png")
    assert read_image(tmp_path / "page.png")[0].tolist() == [[255] * 3] * 2 + [[0] * 3] * 2


def test_transparent_color_of_a_palette_is_white_paper(tmp_path):
    image = Image.fromarray(RED_LEFT).quantize(2)
    image.save(tmp_path / "page.png", transparency=image.getpixel((0, 0)))
    assert (read_image(tmp_path / "page.png") > 250).all()


@pytest.mark.parametrize("extension", ["gif", "png", "webp", "tiff"])
def test_first_frame_of_several_counts(tmp_path, extension):
    frames = [Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (0, 120, 255)]
    frames[0].save(tmp_path / f"a.{extension}", save_all=True, append_images=frames[1:])
    assert (read_image(tmp_path / f"a.{extension}") < 5).all()


def test_truncated_image_is_a_record_error(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for extension in ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"):
        content = io.BytesIO()
        Image.fromarray(noise).save(content, extension)
        (tmp_path / "cut").write_bytes(content.getvalue()[: len(content.getvalue()) // 2])
        with pytest.raises(RecordError, match="whole image"):
            read_image(tmp_path / "cut")


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_file_that_is_no_image_is_a_record_error(tmp_path, content):
    (tmp_path / "page.png").write_bytes(content)
    with pytest.raises(RecordError, match=r"page\.png must be a whole image"):
        read_image(tmp_path / "page.png")


def test_missing_image_and_folder_are_record_errors(tmp_path):
    with pytest.raises(RecordError, match="not there"):
        read_image(tmp_path / "none.png")
    with pytest.raises(RecordError, match="is a folder: name the images in it"):
        read_image(tmp_path)


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "page.png")
    for path in (tmp_path / "page.png", "/dev/zero"):
        with pytest.raises(RecordError, match="a pipe or a device"):
            read_image(path)


@pytest.mark.parametrize(
    "name", ["nul\0.png", "n" * 300 + ".png", "a/" * 3000], ids=["nul", "long", "deep"]
)
def test_a_name_that_no_file_can_have_is_a_record_error(tmp_path, name):
    with pytest.raises(RecordError, match="expected the image"):
        read_image(f"{tmp_path}/{name}")


@pytest.mark.parametrize("extension", ["EPS", "PDF", "PPM", "ICO", "TGA", "SGI"])
def test_only_the_formats_that_are_named_are_opened(tmp_path, extension):
    """An EPS file would run Ghostscript."""
    Image.fromarray(RED_LEFT).save(tmp_path / "page", extension)
    (tmp_path / "page").rename(tmp_path / "page.png")
    with pytest.raises(RecordError, match=r"must be a whole image \(PNG, JPEG, TIFF"):
        read_image(tmp_path / "page.png")


def test_pages_of_a_file_that_are_left_out_are_counted(tmp_path, caplog):
    first, *others = (Image.fromarray(RED_LEFT) for _ in range(3))
    first.save(tmp_path / "pages.tiff", save_all=True, append_images=others)
    assert read_image(tmp_path / "pages.tiff").shape == RED_LEFT.shape
    assert "pages.tiff has 3 pages: the first is read, 2 are left out" in caplog.text
    caplog.clear()
    first.save(tmp_path / "page.tiff")
    read_image(tmp_path / "page.tiff")
    assert caplog.text == ""


def test_large_photo_is_read_and_an_absurd_one_refused(tmp_path, monkeypatch):
    assert MAX_IMAGE_PIXELS > 8160 * 4592
    Image.new("1", (12_000, 10_000)).save(tmp_path / "bomb.png")
    with pytest.raises(RecordError, match="12000 x 10000"):
        read_image(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)
    with pytest.raises(RecordError, match="larger than an image may be"):
        read_image(tmp_path / "bomb.png")


def test_large_gray_images_take_no_more_memory_than_their_pixels_need(tmp_path):
    """One of 100 million pixels would take 3 GB in floating point."""
    Image.fromarray(np.full((2000, 3000), 40_000, np.uint16)).save(tmp_path / "page.png")
    tracemalloc.start()
    try:
        pixels = read_image(tmp_path / "page.png")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (pixels == round(40_000 / 257)).all()
    assert peak < 3 * pixels.nbytes


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_levels_that_are_no_numbers_are_black(tmp_path, value):
    levels = np.full((4, 4), 0.5, np.float32)
    levels[0] = value
    Image.fromarray(levels).save(tmp_path / "page.tiff")
    assert read_image(tmp_path / "page.tiff")[:, 0, 0].tolist() == [0, 128, 128, 128]


def test_damaged_bytes_never_raise_anything_else(tmp_path):
    rng = np.random.default_rng(1)
    for extension in ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF"):
        content = io.BytesIO()
        Image.fromarray(RED_LEFT).save(content, extension)
        for _ in range(40):
            damaged = bytearray(content.getvalue())
            for at in rng.integers(len(damaged), size=4):
                damaged[at] = rng.integers(256)
            (tmp_path / "page").write_bytes(damaged)
            try:
                assert read_image(tmp_path / "page").shape[2] == 3
            except RecordError:
                continue
