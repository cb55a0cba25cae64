"""How large a model is and what one image costs: parameters, and floating-point operations of the image network."""

from __future__ import annotations

from typing import Any

from zsbench.core.lazy import torch


def parameters(network: torch.nn.Module) -> int:
    """Return the number of parameters, those that several layers share counted once."""
    return sum(parameter.numel() for parameter in network.parameters())


def image_gflops(encoder: Any) -> float:
    """Return the operations, in 1e9, that an `ImageTextEncoder` spends on one image; an addition counts apart.

    Matrix products, convolutions and attention are counted, which is nearly all; papers that count multiplications
    with their addition as one print half of this.
    """
    from PIL import Image
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    blank = encoder.prepare(Image.new("RGB", (256, 256)))
    # Fused attention is one operation that the counter does not know on every device: it is taken apart here.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            encoder.encode_images([blank])
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return float(counter.get_total_flops()) / 1e9
