import torch

from ecgpaper.nets.device import full_speed

TINY = 1e-40


def product():
    """A number too small for full precision, if such are kept."""
    return float(torch.tensor([TINY]) * 0.5)


def test_tiny_numbers_are_zero_while_a_network_learns():
    assert product() > 0
    with full_speed(torch.device("cpu"), 1):
        assert product() == 0
    assert product() > 0


def test_threads_are_as_they_were_afterwards():
    before = torch.get_num_threads()
    with full_speed(torch.device("cpu"), 0):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
