"""Where and how numbers are computed: device, compiler. No part of the settings of a training, which say
what is computed; what of it changes numbers stands in the checkpoint's history.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch

# cuBLAS repeats its sums in one order with a workspace of fixed size only (docs.nvidia.com/cuda/cublas,
# "Results reproducibility"). It reads this at its first call.
WORKSPACE = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


@dataclass(frozen=True)
class Compute:
    """device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" …; compile: a backend of torch.compile
    ("inductor" on a GPU, "aot_eager" to try it without a compiler), or "" for none.
    """

    device: str = "auto"
    compile: str = ""

    def resolved(self) -> torch.device:
        """The device. Raises ValueError when this machine has none of that kind."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except RuntimeError as error:
            raise ValueError(f"device {self.device!r} is unknown; give auto, cpu, cuda or cuda:N") from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"device {self.device!r}: PyTorch sees no GPU here; give auto or cpu")
        return device

    def compiled(self, network: torch.nn.Module) -> Any:
        """The network as it is to be called. Names and weights stay those of the module given."""
        if not self.compile:
            return network
        if self.compile not in (known := torch._dynamo.list_backends(exclude_tags=None)):
            raise ValueError(f"compile backend {self.compile!r} is unknown; known are {known}")
        return torch.compile(network, backend=self.compile)

    def described(self, autocast: bool) -> dict[str, Any]:
        """What of it changes numbers, for the history of a checkpoint."""
        return {
            "device": device_name(self.resolved()),
            "arithmetic": "bfloat16" if autocast else "float32",
            "compiled": self.compile,
        }


def device_name(device: torch.device) -> str:
    """The GPU's name, or "cpu" with its vector instructions: both change the last digits."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"


def make_repeatable(device: torch.device) -> None:
    """The same numbers each time on the same machine. On a GPU, an operation without such a kernel warns and
    goes on: a training is then repeatable up to rounding, and the warning names the operation.
    """
    on_gpu = device.type != "cpu"
    if on_gpu:
        os.environ.setdefault(*WORKSPACE)
        torch.backends.cudnn.benchmark = False  # would choose among kernels by their time
    torch.use_deterministic_algorithms(True, warn_only=on_gpu)
