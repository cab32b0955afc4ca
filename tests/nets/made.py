"""Networks with random weights, and what they are shown."""

import torch


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make(network_class, config, seed=0):
    torch.manual_seed(seed)
    return network_class(config)


def silent_parameters(network):
    return [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
