import torch

from ecgpaper.nets.quality import QualityConfig, QualityNet


def test_fresh_network_expects_the_same_of_every_lead():
    network = QualityNet(QualityConfig(3))
    evidence = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert (network(evidence) == QualityNet.UNKNOWN_DB).all()


def test_evidence_beyond_all_examples_does_not_promise_ever_more():
    network = QualityNet(QualityConfig(1))
    torch.nn.init.ones_(network.direct.weight)
    network.standardize(torch.tensor([[0.0], [1.0], [2.0]]))
    far, farther = network(torch.tensor([[50.0], [5000.0]]))
    assert far == farther
