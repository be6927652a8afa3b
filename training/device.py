"""Device, memory layout, precision and optimizer of training."""

from contextlib import AbstractContextManager
from typing import Final, TypeVar

import torch
from torch import nn

from training.training_schedule import Schedule

HEAD_RATE: Final = 3.0

Network = TypeVar("Network", bound=nn.Module)


def select_device(schedule: Schedule) -> torch.device:
    """The GPU if there is one, else the CPU; also seeds torch and sets its threads."""
    torch.manual_seed(schedule.seed)
    if schedule.threads:
        torch.set_num_threads(schedule.threads)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_device(device: torch.device, network: Network) -> Network:
    """The network on this device with channels last: 20 % faster at bfloat16 on a CPU, and more on a GPU."""
    return network.to(device).to(memory_format=torch.channels_last)


def mixed_precision(device: torch.device) -> AbstractContextManager[None]:
    """bfloat16 on a GPU and on a CPU with instructions for it (AMX or AVX-512); float32 otherwise."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()  # torch has no public function for it
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


def dense_adamw(encoder: nn.Module, head: nn.Module, rate: float) -> torch.optim.AdamW:
    """AdamW in which the new head learns `HEAD_RATE` times as fast as the pretrained encoder."""
    optimizer = adamw(encoder, rate=rate)
    for group in adamw(head, rate=rate).param_groups:
        optimizer.add_param_group({"params": group["params"], "weight_decay": group["weight_decay"]})
    for number, group in enumerate(optimizer.param_groups):
        group["rate_factor"] = 1.0 if number < 2 else HEAD_RATE
    return optimizer


def adamw(*modules: nn.Module, rate: float, decay: float = 0.02) -> torch.optim.AdamW:
    """AdamW without weight decay for biases and normalisation layers."""
    weights = [weight for module in modules for weight in module.parameters()]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": decay},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate)
