import numpy as np
import pytest
import torch

from ecgpaper.classify.inputs import limb_fills
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.resnet1d import ResNet1dConfig

N_LEADS, N_ROWS, N_COLUMNS, UNIT_PER_ROW = 12, 16, 80, 0.4
SHAPE = ResNet1dConfig(3 * N_LEADS, 5, widths=(8,), kernel=3, dropout=0.0)


@pytest.fixture
def network():
    torch.manual_seed(0)
    found = InkResNet(InkResNetConfig(SHAPE, 6, N_ROWS, UNIT_PER_ROW))
    found.fills.copy_(torch.from_numpy(limb_fills()))
    return found.eval()


def lines(rows_by_lead, columns=slice(None)):
    """Return a picture of lines one pixel thick: lead to the row of each column."""
    picture = torch.zeros(N_LEADS, N_ROWS, N_COLUMNS)
    for lead, rows in rows_by_lead.items():
        at = torch.arange(N_COLUMNS)[columns]
        picture[lead, torch.as_tensor(rows).expand(len(at)), at] = 1
    return picture.reshape(1, 1, -1, N_COLUMNS)


def read(network, picture):
    """Return heights, how much is seen, and how tall the ink is, each of shape (leads, columns)."""
    with torch.inference_mode():
        return network.read(picture)[0].reshape(3, N_LEADS, N_COLUMNS).numpy()


def test_height_of_ink_is_the_series_about_its_median(network):
    rows = torch.full((N_COLUMNS,), 8)
    rows[30:34] = 3  # upwards
    heights, seen, tall = read(network, lines({7: rows}))
    expected = np.zeros(N_COLUMNS)
    expected[30:34] = 5 * UNIT_PER_ROW
    np.testing.assert_allclose(heights[7], expected, atol=0.02)
    assert (seen[7] == 1).all()
    assert tall[7].max() < 0.1 * UNIT_PER_ROW + 0.05
    assert not heights[8].any()
    assert not seen[8].any()


def test_stretch_without_ink_is_not_seen(network):
    heights, seen, _ = read(network, lines({7: 4}, slice(20, 40)))
    np.testing.assert_array_equal(np.flatnonzero(seen[7]), np.arange(20, 40))
    assert not heights[7][:20].any()


def test_limb_leads_follow_from_two_others(network):
    """Einthoven: III is what II is above I; and it counts half."""
    first, second = torch.full((N_COLUMNS,), 8), torch.full((N_COLUMNS,), 8)
    first[10:14], second[10:14] = 6, 3
    heights, seen, _ = read(network, lines({0: first, 1: second}))
    np.testing.assert_allclose(heights[2], heights[1] - heights[0], atol=1e-4)
    np.testing.assert_array_equal(seen[:6, 0], [1, 1, 0.5, 0.5, 0.5, 0.5])
    assert not seen[6:].any()


def test_leads_without_ink_cost_nothing_and_change_nothing(network):
    """Parts without ink are left out of the reading, and a blank picture has an answer."""
    with torch.inference_mode():
        assert torch.isfinite(network(torch.zeros(1, 1, N_LEADS * N_ROWS, N_COLUMNS))).all()
        one, other = lines({3: 5}), lines({9: 11})
        together = network(torch.cat([one, other]))
        torch.testing.assert_close(together[:1], network(one))
        torch.testing.assert_close(together[1:], network(other))


def test_heights_keep_their_precision_where_the_hardware_has_little(network):
    """Where networks run in bfloat16, two thousandths of a height would be lost."""
    wave = (8 + 3 * torch.sin(torch.arange(N_COLUMNS) / 5)).round().long()
    picture = lines({0: wave, 1: wave.flip(0), 7: wave})
    wanted = read(network, picture)
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_allclose(read(network, picture), wanted, atol=1e-4)
        assert torch.isfinite(network(picture)).all()


def test_gradient_reaches_every_parameter(network):
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(4, 1, N_LEADS * N_ROWS, N_COLUMNS, generator=generator)
    # What begins as nothing passes nothing on.
    torch.nn.init.normal_(network.trust[2].weight, std=0.1)
    torch.autograd.backward(network.train()(pictures).square().sum())
    silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_network_learns_to_overlook_what_is_no_trace(network):
    """A line near the upper edge, as a name has, pulls the height up at first."""
    wave = (8 + 3 * torch.sin(torch.arange(N_COLUMNS) / 5)).round().long()
    clean, spoiled = lines({7: wave}), lines({7: wave})
    spoiled.view(N_LEADS, N_ROWS, N_COLUMNS)[7, :2] = 1
    wanted = torch.from_numpy(read(network, clean)[0, 7])

    def error():
        return (network.read(spoiled)[0, 7] - wanted).square().mean()

    before = float(error().detach())
    optimizer = torch.optim.Adam(network.trust.parameters(), lr=3e-2)
    for _ in range(150):
        optimizer.zero_grad()
        torch.autograd.backward(error())
        optimizer.step()
    assert float(error().detach()) < before / 10


def test_calibration_moves_the_logits(network):
    picture = lines({7: 4})
    with torch.inference_mode():
        before = network(picture)
        network.rescale_logits(0.5, list(range(5)))
        torch.testing.assert_close(network(picture), before * 0.5 + torch.arange(5))


@pytest.mark.parametrize(
    "options", [{"n_limb": 0}, {"n_rows": 1}, {"unit_per_row": 0.0}, {"n_limb": 9}]
)
def test_shape_that_cannot_be_is_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        InkResNetConfig(SHAPE, **{"n_limb": 6, "n_rows": 16, "unit_per_row": 0.4} | options)
