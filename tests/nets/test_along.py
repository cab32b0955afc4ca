import pytest
import torch
from torch import nn

from ecgpaper.nets.along import AlongConv, AlongNorm, as_line, residual_block


@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (5, 1), (5, 4), (7, 2)])
def test_convolution_along_a_curve_is_that_of_a_series(kernel, dilation):
    torch.manual_seed(0)
    padding = kernel // 2 * dilation
    series = nn.Conv1d(3, 6, kernel, padding=padding, dilation=dilation)
    along = AlongConv(3, 6, kernel, padding=padding, dilation=dilation)
    along.load_state_dict(series.state_dict())
    features = torch.randn(2, 3, 50)
    line = along(as_line(features))
    assert line.shape == (2, 6, 1, 50)
    assert torch.allclose(line.squeeze(2), series(features), atol=1e-5)


def test_its_gradient_is_that_of_a_series():
    torch.manual_seed(0)
    series, along = nn.Conv1d(3, 6, 5, padding=2), AlongConv(3, 6, 5, padding=2)
    along.load_state_dict(series.state_dict())
    features = torch.randn(2, 3, 50)
    series(features).square().sum().backward()
    along(as_line(features)).square().sum().backward()
    assert torch.allclose(along.weight.grad, series.weight.grad, rtol=1e-4, atol=1e-3)


def test_normalization_has_the_weights_of_a_series():
    series, along = nn.BatchNorm1d(4), AlongNorm(4)
    along.load_state_dict(series.state_dict())
    features = torch.randn(2, 4, 50)
    assert torch.allclose(along(as_line(features)).squeeze(2), series(features), atol=1e-5)


def test_block_keeps_the_length_of_a_curve():
    assert residual_block(4, 8)(as_line(torch.randn(2, 4, 50))).shape == (2, 4, 1, 50)


def test_series_that_is_no_line_is_refused():
    with pytest.raises(ValueError, match=r"\(B, C, 1, n\)"):
        AlongNorm(4)(torch.randn(2, 4, 50))
