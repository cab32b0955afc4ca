"""Laws that every warp obeys."""

import numpy as np
import pytest

from ecgpaper.page.geometry import DenseWarp, Homography, Warp

RNG = np.random.default_rng(3)
POINTS = RNG.uniform(0, 500, (200, 2))
TURN = Homography(np.array([[0.9, -0.2, 30.0], [0.25, 1.1, -12.0], [1e-4, -2e-4, 1.0]]))
WAVES = DenseWarp(50.0, RNG.uniform(-9, 9, (12, 12, 2)))
WARPS: dict[str, Warp] = {
    "homography": TURN,
    "identity": Homography.identity(),
    "scaling": Homography.scaling(0.37),
    "dense": WAVES,
    "inverse of dense": WAVES.inverse,
    "homography then dense": TURN.compose(WAVES),
    "dense then homography": WAVES.compose(TURN),
}


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
def test_a_warp_and_its_inverse_undo_each_other(warp) -> None:
    np.testing.assert_allclose(warp.inverse(warp(POINTS)), POINTS, atol=0.01)
    np.testing.assert_allclose(warp(warp.inverse(POINTS)), POINTS, atol=0.01)


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
def test_the_inverse_of_the_inverse_is_the_warp(warp) -> None:
    np.testing.assert_allclose(warp.inverse.inverse(POINTS), warp(POINTS), atol=1e-9)


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
def test_residuals_are_zero_for_the_warps_own_points_only(warp) -> None:
    np.testing.assert_allclose(warp.residuals(POINTS, warp(POINTS)), 0, atol=1e-9)
    np.testing.assert_allclose(warp.residuals(POINTS, warp(POINTS) + np.array([3, 4])), 5)


def test_compose_applies_the_receiver_first() -> None:
    shift = Homography(np.array([[1.0, 0, 7], [0, 1, 0], [0, 0, 1]]))
    double = Homography(np.diag([2.0, 2.0, 1.0]))
    np.testing.assert_allclose(shift.compose(double)(np.zeros((1, 2))), [[14, 0]])
    np.testing.assert_allclose(double.compose(shift)(np.zeros((1, 2))), [[7, 0]])


def test_scaling_keeps_the_corner_of_the_image_in_place() -> None:
    corner = np.array([[-0.5, -0.5]])
    np.testing.assert_allclose(Homography.scaling(0.25)(corner), corner)
    # The centers of the first 2x2 pixels meet in the center of pixel (0, 0) of the half image.
    np.testing.assert_allclose(Homography.scaling(0.5)(np.array([[0.5, 0.5]])), [[0, 0]])


def test_x_is_the_first_coordinate_of_a_displacement() -> None:
    field = np.zeros((3, 4, 2))
    field[..., 0] = 5
    np.testing.assert_allclose(DenseWarp(10.0, field)(np.array([[12.0, 3.0]])), [[17, 3]])


def test_a_displacement_at_a_node_moves_that_node_alone() -> None:
    field = np.zeros((3, 4, 2))
    field[1, 2] = (4, -2)
    warp = DenseWarp(10.0, field)
    np.testing.assert_allclose(warp(np.array([[20.0, 10.0]])), [[24, 8]])
    np.testing.assert_allclose(warp(np.array([[10.0, 20.0]])), [[10, 20]])


def test_a_field_that_folds_is_refused() -> None:
    field = np.zeros((3, 3, 2))
    field[1, 1] = (-12, 0)
    with pytest.raises(ValueError, match="folds"):
        DenseWarp(10.0, field)


def test_a_singular_homography_is_refused() -> None:
    with pytest.raises(ValueError, match="singular"):
        Homography(np.zeros((3, 3)))
