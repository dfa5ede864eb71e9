"""Exact gradients of every sample of a batch, for several output functions in one pass, and their sketch.

A layer's gradient of one sample is a product of what went into the layer and of the gradient of what came
out (arXiv 1510.01799). Both are there after one ordinary backward pass over the batch, so no weight is copied
per sample, and a sample's noise levels add up within the product. Each row of P numbers is then folded to D:
signs drawn from the seed, blocks of D numbers, each turned round by a random number of places, and their sum.
That is a CountSketch: two numbers meet with odds of at most 1/D, so inner products are kept in expectation
with a standard error of about |a||b|/√D.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from model.network import TIMESTEPS, to_network
from model.pipeline import MeltingPotPipeline
from model.text import tokenize

# (predicted velocity [B, K, …], target [B, K, …]) → gradient of the output function with respect to the first
OutputGradient = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss(velocity: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of the training loss: mean over levels and numbers of (v − (noise − picture))²."""
    return 2 * (velocity - target) / velocity[0].numel()


def squared(velocity: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of D-TRAK's output function: mean over levels and numbers of v²."""
    return 2 * velocity / velocity[0].numel()


class SampleGradients:
    """Sketched gradients of one checkpoint; parts are prefixes "unet.…" and "text_encoder.…" of its weights.

    Raises ValueError when no weight or a weight of an unknown kind of layer is asked for.
    """

    def __init__(
        self, pipeline: MeltingPotPipeline, parts: Sequence[str], dimensions: int, seed: int
    ) -> None:
        self.tokenizer, self.dimensions = pipeline.tokenizer, dimensions
        self.network = nn.ModuleDict(
            {
                "unet": copy.deepcopy(pipeline.unet).float().eval(),
                "text_encoder": copy.deepcopy(pipeline.text_encoder).float().eval(),
            }
        ).requires_grad_(True)
        self.layers = _watched(self.network, tuple(parts))
        self.calls: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        for name, layer in self.layers.items():
            layer.register_forward_hook(self._keep(name))
        self.count = sum(w.numel() for layer in self.layers.values() for w in layer.parameters(False))
        generator = torch.Generator().manual_seed(seed)
        self.signs = torch.randint(2, (self.count,), generator=generator).float() * 2 - 1
        blocks = -(-self.count // dimensions)
        self.shifts = torch.randint(dimensions, (blocks,), generator=generator).tolist()

    def _keep(self, name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...], torch.Tensor], None]:
        def keep(layer: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
            if name in self.calls:
                raise ValueError(f"layer {name} is used twice in one pass: its gradient would be a sum")
            self.calls[name] = (given[0].detach(), out)

        return keep

    def project(
        self,
        images: torch.Tensor,
        captions: list[str],
        levels: Sequence[tuple[float, torch.Tensor]],
        outputs: Sequence[OutputGradient],
    ) -> torch.Tensor:
        """float32 [B, F, D] for F output functions of pictures uint8 [B, 3, S, S] and captions.

        levels: K pairs of σ in 0..1 and noise [C, H, W], the same for all samples.
        """
        return self.fold(self.exact(images, captions, levels, outputs))

    def exact(
        self,
        images: torch.Tensor,
        captions: list[str],
        levels: Sequence[tuple[float, torch.Tensor]],
        outputs: Sequence[OutputGradient],
    ) -> torch.Tensor:
        """float32 [B, F, P]: the gradients themselves, in the order of `names`."""
        self.calls.clear()
        velocity, target = self._forward(to_network(images), captions, levels)
        kept = [out for _, out in self.calls.values()]
        behind = [
            torch.autograd.grad(
                velocity, kept, output(velocity.detach(), target), retain_graph=True, materialize_grads=True
            )
            for output in outputs
        ]
        found = {}
        for place, (name, (given, _)) in enumerate(self.calls.items()):
            gradient = torch.stack([one[place] for one in behind])
            found[name] = _of_layer(self.layers[name], given, gradient, len(captions))
        self.calls.clear()
        return torch.cat([found[name] for name in self.layers], 2)

    def _forward(
        self, pictures: torch.Tensor, captions: list[str], levels: Sequence[tuple[float, torch.Tensor]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Predicted and true velocity [B, K, C, H, W]."""
        ids, mask = tokenize(self.tokenizer, captions)
        places = torch.arange(ids.shape[1]).expand(ids.shape)  # told for each sample, to have its gradient
        text = self.network["text_encoder"](input_ids=ids, attention_mask=mask, position_ids=places)
        sigma = torch.tensor([level for level, _ in levels])
        noise = torch.stack([drawn for _, drawn in levels])
        mix = sigma.view(1, -1, 1, 1, 1)
        noisy = (1 - mix) * pictures[:, None] + mix * noise
        count = len(levels)
        velocity = self.network["unet"](
            noisy.flatten(0, 1),
            sigma.repeat(len(captions)) * TIMESTEPS,
            encoder_hidden_states=text.last_hidden_state.repeat_interleave(count, 0),
            class_labels=text.pooler_output.repeat_interleave(count, 0),
            encoder_attention_mask=mask.repeat_interleave(count, 0),
        ).sample
        return velocity.view(noisy.shape), noise - pictures[:, None]

    @property
    def names(self) -> list[tuple[str, torch.Size]]:
        """Name and shape of each weight, in the order of the P numbers of a gradient."""
        return [
            (f"{name}.{part}", weight.shape)
            for name, layer in self.layers.items()
            for part, weight in layer.named_parameters(recurse=False)
        ]

    def fold(self, gradients: torch.Tensor) -> torch.Tensor:
        """float32 [..., D] of gradients [..., P]."""
        folded = gradients.new_zeros(*gradients.shape[:-1], self.dimensions)
        signed = gradients * self.signs
        for number, shift in enumerate(self.shifts):
            block = signed[..., number * self.dimensions : (number + 1) * self.dimensions]
            before = min(block.shape[-1], self.dimensions - shift)
            folded[..., shift : shift + before] += block[..., :before]
            folded[..., : block.shape[-1] - before] += block[..., before:]
        return folded


KNOWN = (nn.Linear, nn.Conv2d, nn.GroupNorm, nn.LayerNorm, nn.Embedding)


def _watched(network: nn.Module, parts: tuple[str, ...]) -> dict[str, nn.Module]:
    """The layers whose weights begin with one of the parts."""
    wanted = [name for name, _ in network.named_parameters() if name.startswith(parts)]
    owners = list(dict.fromkeys(name.rpartition(".")[0] for name in wanted))
    layers = {owner: network.get_submodule(owner) for owner in owners}
    unknown = [name for name, layer in layers.items() if not isinstance(layer, KNOWN)]
    unknown += [
        name for name, layer in layers.items() if isinstance(layer, nn.Conv2d) and layer.groups != 1
    ]
    if unknown or not layers:
        kinds = ", ".join(kind.__name__ for kind in KNOWN)
        raise ValueError(f"parts {parts}: no weights, or other layers than {kinds} (ungrouped): {unknown}")
    return layers


def _of_layer(layer: nn.Module, given: torch.Tensor, gradient: torch.Tensor, samples: int) -> torch.Tensor:
    """[B, F, p]: of a layer's weights, from its input [R, …] and output gradients [F, R, …], R = B·K."""
    functions = len(gradient)
    out = gradient.unflatten(1, (samples, -1)).transpose(0, 1)  # [B, F, K, …]
    match layer:
        case nn.Linear():
            put = given.reshape(samples, -1, given.shape[-1])
            out = out.reshape(samples, functions, -1, layer.out_features).transpose(2, 3)
            parts = [_product(out, put), out.sum(3)]
        case nn.Conv2d():
            columns = functional.unfold(given, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
            put = columns.unflatten(0, (samples, -1)).transpose(2, 3).flatten(1, 2)
            out = out.flatten(4).transpose(2, 3).flatten(3)
            parts = [_product(out, put), out.sum(3)]
        case nn.GroupNorm():
            plain = functional.group_norm(given, layer.num_groups, eps=layer.eps)
            plain, out = plain.flatten(2).unflatten(0, (samples, 1, -1)), out.flatten(4)
            parts = [(out * plain).sum((2, 4)), out.sum((2, 4))]
        case nn.LayerNorm():
            plain = functional.layer_norm(given, layer.normalized_shape, eps=layer.eps)
            plain = plain.reshape(samples, 1, -1, plain.shape[-1])
            out = out.reshape(samples, functions, -1, plain.shape[-1])
            parts = [(out * plain).sum(2), out.sum(2)]
        case _:
            parts = [_of_embedding(layer, given, out)]
    weights = (layer.weight, getattr(layer, "bias", None))
    return torch.cat([p.flatten(2) for p, w in zip(parts, weights, strict=False) if w is not None], 2)


def _product(out: torch.Tensor, put: torch.Tensor) -> torch.Tensor:
    """[B, F, O, I] of [B, F, O, T] and [B, T, I]: one matrix product a sample for all functions."""
    return (out.flatten(1, 2) @ put).unflatten(1, out.shape[1:3])


def _of_embedding(layer: nn.Embedding, ids: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """[B, F, words, W]: each word's row gets the gradients of the places where it stood."""
    samples, functions, words = len(out), out.shape[1], layer.num_embeddings
    if layer.padding_idx is not None:
        out = out * (ids != layer.padding_idx).view(samples, 1, -1, ids.shape[-1], 1)
    table = torch.arange(samples * functions).view(samples, functions, 1) * words
    rows = table + ids.reshape(samples, 1, -1)
    found = out.new_zeros(samples * functions * words, layer.embedding_dim)
    found.index_add_(0, rows.flatten(), out.reshape(-1, layer.embedding_dim))
    return found.view(samples, functions, words, layer.embedding_dim)
