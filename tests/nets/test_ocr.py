import json
from dataclasses import asdict

import pytest
import torch

from ecgpaper.nets.ocr import OcrConfig, OcrNet

CONFIG = OcrConfig(5, height=32, widths=(4, 4, 6, 6), width=8, dilations=(1,))


@pytest.mark.parametrize("width", [8, 100, 448])
def test_each_four_pixels_have_a_probability_of_each_letter(width):
    found = OcrNet(CONFIG).eval()(torch.zeros(2, 3, 32, width))
    assert found.shape == (2, 5, width // 4)
    assert torch.allclose(found.exp().sum(dim=1), torch.ones(2, width // 4), atol=1e-5)


def test_what_lies_further_right_is_answered_later():
    torch.manual_seed(0)
    network = OcrNet(CONFIG).eval()
    line = torch.zeros(1, 3, 32, 160)
    line[..., 60:70] = torch.rand(1, 3, 32, 10)
    moved = torch.roll(line, 40, dims=-1)
    with torch.inference_mode():
        answer, later = network(line), network(moved)
    assert torch.allclose(answer[..., 8:25], later[..., 18:35], atol=1e-4)
    assert not torch.allclose(answer[..., 8:25], later[..., 8:25], atol=1e-4)


def test_config_survives_json():
    assert OcrConfig.from_json(json.loads(json.dumps(asdict(CONFIG)))) == CONFIG
