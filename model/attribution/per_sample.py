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
from typing import Any

import torch
from diffusers import DiffusionPipeline
from torch import nn
from torch.nn import functional

from model.denoiser import Text, denoiser_of

# (predicted velocity [B, K, …], target [B, K, …]) → gradient of the output function with respect to the first
OutputGradient = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def loss(velocity: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of the training loss: mean over levels and numbers of (v − (noise − picture))²."""
    return 2 * (velocity - target) / velocity[0].numel()


def squared(velocity: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Of D-TRAK's output function: mean over levels and numbers of v²."""
    return 2 * velocity / velocity[0].numel()


class SampleGradients:
    """Sketched gradients of one checkpoint of either kind; parts are prefixes "unet.…" and "text_encoder.…" of
    its weights. Computed on the pipeline's device; what is random is drawn on the CPU.

    Raises ValueError when no weight or a weight of an unknown kind of layer is asked for.
    """

    def __init__(
        self, pipeline: DiffusionPipeline, parts: Sequence[str], dimensions: int, seed: int
    ) -> None:
        self.dimensions, self.device = dimensions, pipeline.device
        asked = copy.copy(pipeline)  # with networks of its own: the hooks are nobody else's
        asked.unet = copy.deepcopy(pipeline.unet).float().eval()
        asked.text_encoder = copy.deepcopy(pipeline.text_encoder).float().eval()
        self.denoiser = denoiser_of(asked)
        network = nn.ModuleDict({"unet": asked.unet, "text_encoder": asked.text_encoder})
        network.requires_grad_(False)
        self.layers = _watched(network, tuple(parts))
        self.calls: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        for name, layer in self.layers.items():
            layer.requires_grad_(True)
            layer.register_forward_hook(self._keep(name))
        asked.text_encoder.register_forward_pre_hook(_tell_places, with_kwargs=True)
        self.count = sum(w.numel() for layer in self.layers.values() for w in layer.parameters(False))
        generator = torch.Generator().manual_seed(seed)
        signs = torch.randint(2, (self.count,), generator=generator, dtype=torch.int8).float() * 2 - 1
        self.signs = signs.to(self.device)
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
        velocity, target = self._forward(images, captions, levels)
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
            with torch.no_grad():
                found[name] = _of_layer(self.layers[name], given, gradient, len(captions))
        self.calls.clear()
        return torch.cat([found[name] for name in self.layers], 2)

    def _forward(
        self, images: torch.Tensor, captions: list[str], levels: Sequence[tuple[float, torch.Tensor]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the network predicts and what it should [B, K, C, H, W]."""
        denoiser, count, samples = self.denoiser, len(levels), len(captions)
        text = denoiser.encode(*(part.to(self.device) for part in denoiser.tokens(captions)))
        text = Text(*(None if part is None else part.repeat_interleave(count, 0) for part in text))
        clean = denoiser.clean(images.to(self.device)).repeat_interleave(count, 0)
        level = torch.tensor([level for level, _ in levels], device=self.device).repeat(samples)
        noise = torch.stack([drawn for _, drawn in levels]).to(self.device).repeat(samples, 1, 1, 1)
        guess = denoiser.predict(denoiser.pipeline.unet, denoiser.mixed(clean, noise, level), level, text)
        wanted = denoiser.target(clean, noise, level)
        return guess.unflatten(0, (samples, count)), wanted.unflatten(0, (samples, count))

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


def _tell_places(
    encoder: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Each sample gets its own row of places: a shared row's gradient would be a sum over the batch."""
    ids = named["input_ids"]
    places = torch.arange(ids.shape[1], device=ids.device).expand(ids.shape)
    return given, {**named, "position_ids": places}


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
            parts = _of_convolution(layer, given.unflatten(0, (samples, -1)), out)
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


def _of_convolution(layer: nn.Conv2d, given: torch.Tensor, out: torch.Tensor) -> list[torch.Tensor]:
    """[B, F, …] of weight and bias: for each sample the ordinary gradient of a batch of its levels, which
    sums over them and unfolds nothing.
    """
    places = (layer.stride, layer.padding, layer.dilation, False, (0, 0), 1, (False, True, True))
    found = [
        torch.ops.aten.convolution_backward(one, put, layer.weight, (layer.out_channels,), *places)[1:]
        for put, ones in zip(given, out, strict=True)
        for one in ones
    ]
    return [torch.stack(part).unflatten(0, out.shape[:2]) for part in zip(*found, strict=True)]


def _of_embedding(layer: nn.Embedding, ids: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """[B, F, words, W]: each word's row gets the gradients of the places where it stood."""
    samples, functions, words = len(out), out.shape[1], layer.num_embeddings
    if layer.padding_idx is not None:
        out = out * (ids != layer.padding_idx).view(samples, 1, -1, ids.shape[-1], 1)
    table = torch.arange(samples * functions, device=out.device).view(samples, functions, 1) * words
    rows = table + ids.reshape(samples, 1, -1)
    found = out.new_zeros(samples * functions * words, layer.embedding_dim)
    found.index_add_(0, rows.flatten(), out.reshape(-1, layer.embedding_dim))
    return found.view(samples, functions, words, layer.embedding_dim)
