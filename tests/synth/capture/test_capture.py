from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.page.geometry import Homography
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.capture.camera import move_layer, page_nodes
from ecgpaper.synth.capture.foreground import draw_foreground, foreground_coverage
from ecgpaper.synth.capture.sensor import expose
from ecgpaper.synth.capture.table import TEXTURES
from ecgpaper.synth.plan import texture_rng
from ecgpaper.synth.sample.capture.cameras import (
    sample_any_capture,
    sample_phone,
    sample_screen_photo,
)
from ecgpaper.synth.spec.capture import ScannerSpec, Streak
from ecgpaper.synth.spec.scene import Glare, Monitor, SceneSpec, Shadow, Thing

UPRIGHT = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
SCENE = SceneSpec((450, 600), UPRIGHT, "plain", (90.0, 95.0, 100.0), contact=0.0)
LETTER_MM = (279.4, 215.9)


def with_camera(spec, **parts):
    return replace(spec, camera=replace(spec.camera, **parts))


def with_scanner(spec, **parts):
    return with_camera(spec, scanner=replace(spec.camera.scanner, **parts))


def seen(spec, scene):
    return with_camera(spec, scene=scene)


def picture(ecg, spec):
    return synthesize(ecg, spec).image.astype(float)


# Geometry


def corners_photo(scene):
    return np.array(scene.corners) * scene.photo_px[::-1]


def shape_of(scene, size_mm):
    """Quarter turn, turn beyond it, and tilt of a sheet, all in degrees, from its corners alone."""
    sheet = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32) * np.float32(size_mm)
    matrix = cv2.getPerspectiveTransform(sheet, corners_photo(scene).astype(np.float32))
    middle = np.array([*np.array(size_mm) / 2, 1])
    x, y, w = matrix @ middle
    steps = (matrix[:2, :2] - np.outer([x, y], matrix[2, :2]) / w) / w
    # A sheet that is tilted by an angle is shorter by its cosine in one direction.
    turn, sizes, turned_back = np.linalg.svd(steps)
    spin = turn @ turned_back
    angle_deg = np.rad2deg(np.arctan2(spin[1, 0] - spin[0, 1], spin[0, 0] + spin[1, 1]))
    quarter = round(angle_deg / 90)
    return quarter % 4, angle_deg - 90 * quarter, np.rad2deg(np.arccos(sizes[1] / sizes[0]))


def share_of_frame(scene):
    height, width = scene.photo_px
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return cv2.intersectConvexConvex(corners_photo(scene).astype(np.float32), frame)[0] / (
        width * height
    )


# A long strip takes little of any frame.
@pytest.mark.parametrize(
    ("size_mm", "most"), [(LETTER_MM, 0.9), ((210.0, 297.0), 0.9), ((297.0, 110.0), 0.62)]
)
def test_photos_keep_to_their_ranges_and_use_them(size_mm, most):
    scenes = [
        sample_phone(size_mm, (2000, 4600), rng=np.random.default_rng(seed)).scene
        for seed in range(300)
    ]
    quarter, turn_deg, tilt_deg = np.array([shape_of(scene, size_mm) for scene in scenes]).T
    assert 0.05 < (quarter > 0).mean() < 0.16
    assert set(quarter) == {0, 1, 2, 3}
    assert np.abs(turn_deg).max() <= 15.01
    assert min(turn_deg.max(), -turn_deg.min()) > 12
    assert 16 < tilt_deg.max() < 20.5
    shares = np.array([share_of_frame(scene) for scene in scenes])
    assert 0.49 < shares.min() < 0.55
    assert most < shares.max() < 0.951
    lengths = np.array([max(scene.photo_px) for scene in scenes])
    assert 2000 <= lengths.min() < 2100
    assert 4500 < lengths.max() <= 4600


def test_photos_of_screens_keep_to_their_ranges_and_use_them():
    scenes = [
        sample_screen_photo(LETTER_MM, (1500, 4000), rng=np.random.default_rng(seed)).scene
        for seed in range(200)
    ]
    quarter, turn_deg, tilt_deg = np.array([shape_of(scene, LETTER_MM) for scene in scenes]).T
    assert not quarter.any()
    assert 4 < np.abs(turn_deg).max() <= 5.01
    assert 8 < tilt_deg.max() < 10.3
    lengths = np.array([max(scene.photo_px) for scene in scenes])
    assert 1500 <= lengths.min() < 1600
    assert 3900 < lengths.max() <= 4000


def test_frame_cuts_off_few_sheets_and_only_their_margins():
    cut = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scene = sample_phone(LETTER_MM, (2000, 4600), rng=rng).scene
        sheet = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32) * LETTER_MM
        matrix = cv2.getPerspectiveTransform(
            sheet.astype(np.float32), np.array(scene.corners, dtype=np.float32)
        )
        inner = sheet + 5.01 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
        kept = cv2.perspectiveTransform(inner[None], matrix)[0]
        assert kept.min() >= 0
        assert kept.max() <= 1
        cut.append(np.min(scene.corners) < 0 or np.max(scene.corners) > 1)
    assert 0.03 < np.mean(cut) < 0.25


@pytest.mark.parametrize("preset", ["scan-color", "scan-bw"])
def test_scans_keep_to_their_ranges_and_use_them(preset):
    cameras = [sample_spec(preset, rng=np.random.default_rng(seed)).camera for seed in range(100)]
    ranges = {
        "dpi": (150, 300),
        "skew_deg": (-2, 2),
        "blur_px": (0.3, 0.8),
        "jpeg_quality": (70, 95),
    }
    for name, (low, high) in ranges.items():
        values = np.array([getattr(camera, name) for camera in cameras])
        tenth = (high - low) / 10
        assert low <= values.min() < low + tenth, name
        assert high - tenth < values.max() <= high, name
    stretch = np.array([camera.stretch for camera in cameras])
    assert ((stretch >= 0.97) & (stretch <= 1.01)).all()
    tones = {camera.tone for camera in cameras}
    assert tones == (
        {"color"} if preset == "scan-color" else {"gray", "binary", "diffused", "dots"}
    )


@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_put_the_corners_where_the_scene_says(ecg, spec, quarters):
    photo_px = (600, 450) if quarters % 2 else (450, 600)
    corners = UPRIGHT[quarters:] + UPRIGHT[:quarters]
    truth = synthesize(ecg, seen(spec, replace(SCENE, photo_px=photo_px, corners=corners))).truth
    first, second = truth.page_to_photo(np.array([[-0.5, -0.5], [479.5, -0.5]]))
    assert np.allclose((first + 0.5) / photo_px[::-1], corners[0], atol=1e-4)
    assert np.allclose((second + 0.5) / photo_px[::-1], corners[1], atol=1e-4)


@pytest.mark.parametrize("dpi", [75.0, 600.0])
def test_true_points_lie_on_ink_at_any_resolution(ecg, share_on_ink, spec, dpi):
    scanner = ScannerSpec(bed_mm=(3.0, 0.0, 8.0, 5.0), edge=0.4)
    camera = replace(spec.camera, dpi=dpi, skew_deg=1.5, stretch=(0.97, 1.01), scanner=scanner)
    assert share_on_ink(ecg, replace(spec, camera=camera)) > 0.99


def test_bed_around_a_sheet_moves_it_by_its_width(ecg, spec):
    plain = synthesize(ecg, with_camera(spec, stretch=(0.97, 1.01)))
    wide = synthesize(
        ecg,
        with_scanner(with_camera(spec, stretch=(0.97, 1.01)), bed_mm=(5.0, -2.0, 10.0, 20.0)),
    )
    points = np.array([[0.0, 0.0], [300.0, 200.0]])
    moved = wide.truth.page_to_photo(points) - plain.truth.page_to_photo(points)
    assert np.allclose(moved, [5 * 4 * 0.97, -2 * 4 * 1.01], atol=0.51)
    assert wide.image.shape[:2] == (round((320 + 72) * 1.01), round((480 + 60) * 0.97))


def test_photos_show_the_whole_page():
    lit = np.full((60, 90), 200, dtype=np.uint8)
    for angle_deg in range(0, 360, 15):
        angle = np.deg2rad(angle_deg)
        turn = 2.3 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.eye(3)
        matrix[:2, :2], matrix[:2, 2] = turn, np.array([310, 290]) - turn @ [44.5, 29.5]
        nodes = page_nodes(Homography(matrix), (600, 700))
        photo = move_layer(lit, nodes, np.zeros((600, 700), dtype=np.uint8))
        whole = cv2.warpPerspective(lit, matrix, (700, 600))
        assert np.all(photo[whole == 200] == 200)
        assert np.all(photo[whole == 0] == 0)


# Scanner


def test_streaks_stay_in_their_columns_and_leave_the_page_in_place(ecg, spec):
    streaked = with_scanner(spec, streaks=(Streak(0.25, 3.0, -0.3), Streak(0.8, 1.0, 0.1)))
    before, after = synthesize(ecg, spec), synthesize(ecg, streaked)
    changed = np.flatnonzero((before.image != after.image).any(axis=(0, 2)))
    assert set(changed) <= {118, 119, 120, 121, 383, 384}
    points = np.array([[0.0, 0.0], [300.0, 200.0]])
    assert np.array_equal(before.truth.page_to_photo(points), after.truth.page_to_photo(points))
    dark = before.image[:, 120].astype(float).sum() - after.image[:, 120].astype(float).sum()
    assert dark == pytest.approx(0.3 * before.image[:, 120].astype(float).sum(), rel=0.03)


def test_open_lid_darkens_its_side_only(ecg, spec):
    before = picture(ecg, spec)
    after = picture(ecg, with_scanner(spec, lid=(0.0, 0.0, 0.6, 0.0), lid_mm=4.0))
    assert after[:, -1].mean() == pytest.approx(0.4 * before[:, -1].mean(), rel=0.05)
    assert np.abs(after - before)[:, :240].max() < 3


@pytest.mark.parametrize("tone", ["binary", "diffused", "dots"])
@pytest.mark.parametrize("threshold", [None, 0.6])
def test_black_and_white_has_two_levels(ecg, spec, tone, threshold):
    camera = replace(spec.camera, tone=tone, threshold=threshold, noise=2.0, blur_px=0.5)
    image = synthesize(ecg, replace(spec, camera=camera)).image
    assert set(np.unique(image)) == {0, 255}
    assert np.array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize("tone", ["diffused", "dots"])
def test_dots_are_as_dense_as_the_picture_is_bright(spec, tone):
    camera = replace(spec.camera, tone=tone, dot_px=6.0)
    rng = np.random.default_rng(0)
    grays = [np.full((192, 192, 3), level, dtype=np.uint8) for level in range(16, 255, 32)]
    shares = [expose(gray, camera, rng=rng).mean() / 255 for gray in grays]
    assert np.all(np.diff(shares) > 0)
    if tone == "diffused":
        assert np.allclose(shares, np.arange(16, 255, 32) / 255, atol=0.01)


def test_traces_are_black_in_black_and_white(ecg, share_on_ink, spec):
    for tone in ("binary", "diffused"):
        assert share_on_ink(ecg, with_camera(spec, tone=tone, threshold=None)) > 0.99


# Scene


@pytest.mark.parametrize("background", TEXTURES)
def test_table_goes_around_the_sheet_and_not_over_it(ecg, spec, background):
    scene = replace(SCENE, background=background)
    image, other = (picture(ecg, replace(seen(spec, scene), seed=seed)) for seed in (1, 2))
    inside = np.s_[48:402, 63:537]
    assert np.array_equal(image[inside], other[inside])
    outside = np.ones((450, 600), dtype=bool)
    outside[40:410, 55:545] = False
    assert (image[outside] != other[outside]).mean() > 0.3
    bright = image[outside].mean(axis=0)
    if background != "sheets":
        assert np.allclose(bright, scene.background_color, rtol=0.12)


def test_joints_of_tiles_run_where_the_edges_of_the_sheet_do(ecg, spec):
    """In perspective all of them meet in one point."""
    far = ((0.4, 0.3), (0.6, 0.3), (0.65, 0.6), (0.35, 0.6))
    scene = replace(SCENE, corners=far, background="tiles")
    meeting_px = 300.0, -0.3 * 450
    found = []
    for seed in range(8):
        image = synthesize(ecg, replace(seen(spec, scene), seed=seed)).image[..., 1].copy()
        image[120:280, 195:405] = np.median(image)
        edges = np.where(image < 0.88 * np.median(image), 255, 0).astype(np.uint8)
        lines = cv2.HoughLinesP(edges, 1, np.pi / 360, 40, minLineLength=90, maxLineGap=6)
        for x1, y1, x2, y2 in [] if lines is None else lines[:, 0].astype(float):
            if abs(y2 - y1) > 0.5 * abs(x2 - x1):
                at = x1 + (x2 - x1) * (meeting_px[1] - y1) / (y2 - y1)
                found.append(at - meeting_px[0])
    assert len(found) > 10
    assert np.median(np.abs(found)) < 15


def test_pixels_on_the_edge_of_the_sheet_belong_to_both_sides(ecg, spec):
    corners = ((0.1, 0.1), (0.9, 0.13), (0.9, 0.9), (0.1, 0.9))
    black = replace(SCENE, background_color=(0.0, 0.0, 0.0), corners=corners)
    blank = replace(spec.paper, small_contrast=0.0, large_contrast=0.0)
    image = picture(ecg, seen(replace(spec, paper=blank), black))[..., 1]
    between = (image > 40) & (image < 215)
    upper = between[:80, 100:500]
    assert (upper.sum(axis=0) >= 1).mean() > 0.95
    assert upper.sum(axis=0).max() <= 3


def test_sheet_casts_its_shadow_where_it_falls(ecg, spec):
    plain = picture(ecg, seen(spec, SCENE))
    shaded = picture(ecg, seen(spec, replace(SCENE, contact=0.5, contact_deg=90.0)))
    change = plain - shaded
    assert np.abs(change[60:390, 80:520]).max() == 0
    below, above = change[407:420, 100:500].mean(), change[30:43, 100:500].mean()
    assert below > 2 * above > 0


def test_things_cover_what_they_say_and_nothing_else(ecg, spec):
    thing = Thing("finger", (0.5, 0.75), 80.0, 2.0, 0.08, (200.0, 150.0, 120.0))
    scene = replace(SCENE, things=(thing,))
    color, coverage = draw_foreground(scene, rng=texture_rng(spec, "foreground"))
    assert np.array_equal(coverage, foreground_coverage(scene))
    image = picture(ecg, seen(spec, scene))
    full = coverage == 255
    assert np.abs(image[full] - color[full]).max() < 3
    # Its shadow is darker, and nowhere far from it.
    bare = picture(ecg, seen(spec, SCENE))
    beside = cv2.dilate(coverage, np.ones((61, 61))) == 0
    assert np.array_equal(image[beside], bare[beside])
    assert (image[coverage == 0] <= bare[coverage == 0]).all()
    row, column = np.round(np.array([0.75 * 450, 0.5 * 600])).astype(int)
    assert coverage[row - 10, column] == 0
    assert coverage[row + 9, column + 1] == 255


@pytest.mark.parametrize("kind", ["finger", "clip", "pen"])
def test_things_are_the_same_at_any_size(kind):
    thing = Thing(kind, (0.4, 0.6), 30.0, 0.3, 0.1, (120.0, 120.0, 120.0))
    small, large = (
        foreground_coverage(replace(SCENE, photo_px=px, things=(thing,))).astype(float)
        for px in ((450, 600), (900, 1200))
    )
    shrunk = cv2.resize(large, (600, 450), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk - small).mean() < 1.0
    assert small.max() == 255


@pytest.mark.parametrize("outline", ["edge", "phone", "head", "hand"])
def test_shadows_take_light_inside_and_only_there(ecg, spec, outline):
    shadow = Shadow(outline, (0.5, 0.5), 0.3, 0.0, 0.4, 0.01)
    bare, shaded = (
        picture(ecg, seen(spec, each)) for each in (SCENE, replace(SCENE, shadows=(shadow,)))
    )
    dark = shaded[260:280, 290:310].mean() / bare[260:280, 290:310].mean()
    assert dark == pytest.approx(0.6, abs=0.03)
    assert np.abs(shaded - bare)[:60, :60].max() < 3


@pytest.mark.parametrize("shape", ["flash", "window", "lamp"])
def test_glare_adds_light_where_it_is(ecg, spec, shape):
    glare = Glare(shape, (0.3, 0.5), 0.4, 0.0, 0.2, 0.01)
    dim = replace(SCENE, tint=(0.6, 0.6, 0.6))
    bare, bright = (picture(ecg, seen(spec, each)) for each in (dim, replace(dim, glares=(glare,))))
    added = (bright - bare).mean(axis=2)
    x = np.arange(600)
    assert (added * x).sum() / added.sum() == pytest.approx(180, abs=25)
    assert added.max() == pytest.approx(0.2 * 255, abs=5)


# Monitor


def test_mesh_keeps_the_light_and_ends_with_the_screen(ecg, spec):
    monitor = Monitor(mesh_mm=0.8, mesh_depth=0.6, window_mm=(4.0,) * 4, screen_mm=(1.0,) * 4)
    scene = replace(SCENE, background="screen", tint=(0.5, 0.5, 0.5), monitor=monitor)
    flat = replace(scene, monitor=replace(monitor, mesh_depth=0.0))
    meshed, plain = (picture(ecg, seen(spec, each)) for each in (scene, flat))
    inside = np.s_[60:390, 80:520]
    assert meshed[inside].mean() == pytest.approx(plain[inside].mean(), rel=0.02)
    assert meshed[inside].std() > plain[inside].std() + 5
    screen_mm = 5.0
    per_mm = 480 / 120
    beyond = int(60 - (screen_mm + 0.8) * per_mm)
    assert np.array_equal(meshed[:, :beyond], plain[:, :beyond])


def test_pixels_of_a_monitor_have_their_pitch(ecg, spec):
    monitor = Monitor(mesh_mm=2.0, mesh_depth=0.6)
    blank = replace(spec, ink=replace(spec.ink, name_offset_mm=None, separator="none"))
    blank = replace(blank, paper=replace(blank.paper, small_contrast=0.0, large_contrast=0.0))
    none = replace(ecg, signal_mv=np.full_like(ecg.signal_mv, np.nan))
    scene = replace(SCENE, background="screen", tint=(0.5, 0.5, 0.5), monitor=monitor)
    row = picture(none, seen(blank, scene))[261, 80:520].mean(axis=1)
    green = picture(none, seen(blank, scene))[261, 80:520, 1]
    power = np.abs(np.fft.rfft(green - green.mean()))
    # 440 pixels at 4 per mm show 55 pixels of 2 mm.
    assert power.argmax() == 55
    assert row.std() < green.std() / 4


# Sensor


def test_noise_has_the_strength_asked_for(spec):
    gray = np.full((600, 800, 3), 128, dtype=np.uint8)
    for grain_px in (0.0, 0.8):
        for color in (0.0, 0.5, 1.0):
            camera = replace(spec.camera, noise=6.0, noise_grain_px=grain_px, noise_color=color)
            noisy = expose(gray, camera, rng=np.random.default_rng(0)).astype(float)
            assert noisy.std() == pytest.approx(6.0, rel=0.12)
            alike = np.corrcoef(noisy[..., 0].ravel(), noisy[..., 2].ravel())[0, 1]
            assert alike == pytest.approx(1 - color**2, abs=0.06)


def test_shot_noise_grows_with_light(spec):
    camera = replace(spec.camera, noise=6.0, noise_shot=1.0)
    dark, bright = (
        expose(np.full((600, 800, 3), level, np.uint8), camera, rng=np.random.default_rng(0)).std()
        for level in (32, 128)
    )
    assert bright == pytest.approx(2 * dark, rel=0.05)


def test_blur_grows_towards_the_side_it_says(spec):
    steps = np.zeros((1536, 256, 3), dtype=np.uint8)
    steps[:, ::16] = 255
    camera = replace(spec.camera, blur_px=1.5, blur_change_px=(0.0, 2.0))
    contrast = expose(steps, camera, rng=np.random.default_rng(0)).std(axis=(1, 2))
    assert contrast[20] > 1.2 * contrast[768] > 1.2**2 * contrast[1500]
    even = expose(steps, replace(camera, blur_change_px=(0.0, 0.0)), rng=np.random.default_rng(0))
    assert np.abs(even.std(axis=(1, 2))[768] - contrast[768]) < 4


def test_motion_blurs_along_its_way(spec):
    point = np.zeros((41, 41, 3), dtype=np.uint8)
    point[20, 20] = 255
    camera = replace(spec.camera, motion_px=8.0, motion_deg=90.0)
    moved = expose(point, camera, rng=np.random.default_rng(0))[..., 0].astype(float)
    down, across = moved.sum(axis=1), moved.sum(axis=0)
    assert (down > 5).sum() in {8, 9}
    assert (across > 5).sum() == 1
    assert (down * np.arange(41)).sum() / down.sum() == pytest.approx(20, abs=0.1)


def test_files_saved_again_keep_the_page_in_place(ecg, share_on_ink, spec):
    camera = replace(spec.camera, first_jpeg_quality=50, jpeg_quality=60, detail=0.7)
    assert share_on_ink(ecg, replace(spec, camera=camera)) > 0.99


def test_any_capture_draws_every_way():
    rng = np.random.default_rng(0)
    cameras = [sample_any_capture((297.0, 210.0), rng) for _ in range(500)]
    scenes = [camera.scene for camera in cameras if camera.scene is not None]
    lengths = [max(scene.photo_px) for scene in scenes]
    assert 0.4 < len(scenes) / len(cameras) < 0.6
    assert 0.03 < np.mean([scene.monitor is not None for scene in scenes]) < 0.3
    assert 0.3 < np.mean(np.array(lengths) < 1600) < 0.7
    assert min(lengths) < 700
    assert max(lengths) > 3800
    dpi = np.array([camera.dpi for camera in cameras if camera.scene is None])
    assert 75 <= dpi.min() < 100
    assert 300 < dpi.max() <= 600
    assert ((dpi > 100) & (dpi < 300)).mean() > 0.75
    assert {camera.tone for camera in cameras} == {"color", "gray", "binary", "diffused", "dots"}
