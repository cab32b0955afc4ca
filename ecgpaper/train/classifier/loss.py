"""The loss of the signal networks: on labels, and on the finer statements beside them.

Public: `WithStatements`, `make_loss`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.nets.resnet1d import ResNet1d
from ecgpaper.train.classifier.cohort import Batch, Targets

# Weight of a record's statements beside its labels.
STATEMENT_SHARE = 1.0


class WithStatements(nn.Module):
    """A network, and a head for statements that it needs only while it learns.

    Finer statements say why a record has a label, and so teach where to look.
    """

    def __init__(self, network: ResNet1d, n_statements: int) -> None:
        super().__init__()
        self.network = network
        self.head = nn.Linear(network.n_summary, n_statements) if n_statements else None

    def forward(self, series: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of the questions, and of the statements."""
        summary = self.network.summarize(series, features)
        stated = summary[:, :0] if self.head is None else self.head(summary)
        return self.network.head(summary).float(), stated.float()


def make_loss(
    weights: Float32Array, statement_weights: Float32Array, device: torch.device
) -> Callable[[nn.Module, Batch], Tensor]:
    """Return the mean loss on mixed items: that of each part, by its share."""
    weight, statement_weight = (
        torch.from_numpy(array).to(device) for array in (weights, statement_weights)
    )

    def of_items(logits: Tensor, stated: Tensor, targets: Targets) -> Tensor:
        answers, is_asked, statements, is_stated = (
            torch.from_numpy(array).to(device) for array in targets
        )
        loss = binary_cross_entropy_with_logits(
            logits, answers, is_asked, pos_weight=weight, reduction="none"
        ).mean(dim=1)
        if statement_weight.numel():
            of_statements = binary_cross_entropy_with_logits(
                stated, statements, is_stated, pos_weight=statement_weight, reduction="none"
            )
            loss = loss + STATEMENT_SHARE * of_statements.mean(dim=1)
        return loss

    def loss_of(network: nn.Module, batch: Batch) -> Tensor:
        torch.manual_seed(batch.seed)
        logits, stated = network(*(torch.from_numpy(array).to(device) for array in batch.inputs))
        share = torch.from_numpy(batch.share[:, 0]).to(device)
        own, other = (of_items(logits, stated, part) for part in (batch.targets, batch.others))
        return ((1 - share) * own + share * other).mean()

    return loss_of
