"""All weights with the other sign."""

from typing import Any

import torch

from zsbench.modifiers import Modifier


def negated() -> Modifier:
    """Has no options."""

    def apply(network: torch.nn.Module) -> dict[str, Any]:
        parameters = list(network.parameters())
        with torch.no_grad():
            for parameter in parameters:
                parameter.neg_()
        return {"parameters": len(parameters)}

    return apply
