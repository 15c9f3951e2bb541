#!/usr/bin/python3
"""Goldens of multi-head attention and transformers; see common.py."""
import math

import torch
from torch import nn

from common import layer_case, uniform, write_layers

cases = []


def add(name, kind, args, module, *inputs, mode="train"):
    cases.append(layer_case(name, kind, args, module, inputs, mode))


class Self(nn.MultiheadAttention):
    def forward(self, x, key_padding_mask=None, attn_mask=None):
        return super().forward(x, x, x, key_padding_mask=key_padding_mask, attn_mask=attn_mask)


class Heads(nn.MultiheadAttention):
    """The weights of every head."""

    def forward(self, q, k, attn_mask):
        return super().forward(q, k, k, attn_mask=attn_mask, average_attn_weights=False)


class Plain(nn.MultiheadAttention):
    """The output only."""

    def forward(self, q, k, v):
        return super().forward(q, k, v, need_weights=False)[0]


class MaskedEncoder(nn.TransformerEncoderLayer):
    def forward(self, x, key_padding_mask, mask):
        return super().forward(x, mask, key_padding_mask)


class CausalDecoder(nn.TransformerDecoderLayer):
    def forward(self, x, memory, memory_padding):
        mask = nn.Transformer.generate_square_subsequent_mask(3)
        return super().forward(x, memory, mask, memory_key_padding_mask=memory_padding)


class CausalTransformer(nn.Transformer):
    def forward(self, src, tgt):
        mask = self.generate_square_subsequent_mask(tgt.shape[1])
        return super().forward(src, tgt, tgt_mask=mask)


padding = torch.tensor([[False, False, False, True], [False, True, False, True]])
hidden = torch.tensor([[False, True, False, False], [False, False, True, True], [True, False, False, True], [False, False, False, False]])

add("MultiHeadAttention to itself", "SelfAttention", [6, 2], Self(6, 2), uniform(4, 2, 6))
add("MultiHeadAttention with two masks", "SelfAttention", [4, 2, {"batchFirst": True}], Self(4, 2, batch_first=True), uniform(2, 4, 4), padding, hidden)
add("MultiHeadAttention with padding and scores", "SelfAttention", [4, 2], Self(4, 2), uniform(4, 2, 4), padding, uniform(4, 4))
add("MultiHeadAttention with a mask for each head", "PerHead", [4, 2, {"bias": False}], Heads(4, 2, bias=False), uniform(3, 2, 4), uniform(2, 2, 4), uniform(4, 3, 2))
add("MultiHeadAttention of one sequence", "MultiHeadAttention", [4, 2], nn.MultiheadAttention(4, 2), uniform(3, 4), uniform(2, 4), uniform(2, 4))
add("MultiHeadAttention with kdim and vdim", "WithoutWeights", [4, 2, {"kdim": 3, "vdim": 5, "batchFirst": True}],
    Plain(4, 2, kdim=3, vdim=5, batch_first=True), uniform(2, 3, 4), uniform(2, 2, 3), uniform(2, 2, 5))

small = {"dimFeedforward": 5, "dropout": 0}
add("TransformerEncoderLayer", "TransformerEncoderLayer", [4, 2, small], nn.TransformerEncoderLayer(4, 2, 5, 0), uniform(3, 2, 4))
add("TransformerEncoderLayer norm first, gelu, masked", "MaskedEncoder", [4, 2, {**small, "activation": "gelu", "normFirst": True, "batchFirst": True}],
    MaskedEncoder(4, 2, 5, 0, activation="gelu", norm_first=True, batch_first=True), uniform(2, 4, 4), padding, hidden)
add("TransformerDecoderLayer", "TransformerDecoderLayer", [4, 2, {"dimFeedforward": 5, "layerNormEps": 0.01}],
    nn.TransformerDecoderLayer(4, 2, 5, 0.1, layer_norm_eps=0.01), uniform(3, 2, 4), uniform(2, 2, 4), mode="eval")
add("TransformerDecoderLayer norm first, causal", "CausalDecoder", [4, 2, {**small, "normFirst": True}],
    CausalDecoder(4, 2, 5, 0, norm_first=True), uniform(3, 2, 4), uniform(4, 2, 4), padding)
add("TransformerEncoder", "TransformerEncoder", [], nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1, 5, 0), 2), uniform(2, 2, 4))
add("TransformerDecoder", "TransformerDecoder", [], nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 1, 5, 0), 1, nn.LayerNorm(4)), uniform(2, 1, 4), uniform(3, 1, 4))
add("Transformer", "Transformer", [4, 2, {**small, "numEncoderLayers": 1, "numDecoderLayers": 1, "batchFirst": True, "activation": "gelu"}],
    CausalTransformer(4, 2, 1, 1, 5, 0, "gelu", batch_first=True), uniform(2, 3, 4), uniform(2, 4, 4))

# What PyTorch has no layer for, written from the papers' formulas.


class Additive(nn.Module):
    """Bahdanau et al. 2014: a(q, k) = v' tanh(Wq q + Wk k)."""

    def __init__(self, query_size, key_size, hidden):
        super().__init__()
        self.query = nn.Linear(query_size, hidden, bias=False)
        self.key = nn.Linear(key_size, hidden, bias=False)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, q, keys, allowed=None):
        single = q.dim() < keys.dim()
        q = q.unsqueeze(1) if single else q
        weights = torch.zeros(q.shape[0], q.shape[1], keys.shape[1], dtype=torch.float64)
        for b in range(q.shape[0]):
            for i in range(q.shape[1]):
                seen = list(range(keys.shape[1])) if allowed is None else [j for j in range(keys.shape[1]) if allowed[b, j]]
                scores = torch.stack([self.score(torch.tanh(self.query(q[b, i]) + self.key(keys[b, j])))[0] for j in seen])
                weights[b, i, seen] = torch.exp(scores) / torch.exp(scores).sum()
        context = torch.einsum("bij,bjk->bik", weights, keys)
        return (context[:, 0], weights[:, 0]) if single else (context, weights)


class General(nn.Module):
    """Luong et al. 2015: a(q, k) = k' W q."""

    def __init__(self, query_size, key_size):
        super().__init__()
        self.map = nn.Linear(query_size, key_size, bias=False)

    def forward(self, q, keys):
        weights = torch.softmax(torch.einsum("bjk,kq,biq->bij", keys, self.map.weight, q), -1)
        return torch.einsum("bij,bjk->bik", weights, keys), weights


class Sinusoidal(nn.Module):
    """Vaswani et al. 2017, section 3.5; steps first."""

    def forward(self, x):
        d = x.shape[2]
        table = torch.zeros(x.shape[0], 1, d, dtype=torch.float64)
        for pos in range(x.shape[0]):
            for i in range(d // 2):
                table[pos, 0, 2 * i] = math.sin(pos / 10000 ** (2 * i / d))
                table[pos, 0, 2 * i + 1] = math.cos(pos / 10000 ** (2 * i / d))
        return x + table


class Learned(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n, d))

    def forward(self, x):
        return x + self.weight[: x.shape[1]]


class Rotary(nn.Module):
    """Su et al. 2021, equation 15: blocks of rotations; `halves` pairs i with i + d/2."""

    def __init__(self, offset=0, halves=False):
        super().__init__()
        self.offset, self.halves = offset, halves

    def forward(self, x):
        n, d = x.shape[-2:]
        rows = []
        for m in range(n):
            r = torch.zeros(d, d, dtype=torch.float64)
            for i in range(d // 2):
                a, b = (i, i + d // 2) if self.halves else (2 * i, 2 * i + 1)
                phi = (m + self.offset) * 10000 ** (-2 * i / d)
                r[a, a], r[a, b], r[b, a], r[b, b] = math.cos(phi), -math.sin(phi), math.sin(phi), math.cos(phi)
            rows.append(x[..., m, :] @ r.T)
        return torch.stack(rows, -2)


add("AdditiveAttention", "AdditiveAttention", [3, 2, 4], Additive(3, 2, 4), uniform(2, 2, 3), uniform(2, 3, 2))
add("AdditiveAttention of one query, masked", "MaskedAdditive", [3, 2, 4], Additive(3, 2, 4), uniform(2, 3), uniform(2, 3, 2),
    torch.tensor([[True, False, True], [True, True, True]]))
add("DotAttention", "DotAttention", [{"general": [3, 2]}], General(3, 2), uniform(2, 2, 3), uniform(2, 3, 2))
add("SinusoidalPositionEncoding", "SinusoidalPositionEncoding", [], Sinusoidal(), uniform(5, 2, 6))
add("LearnedPositionEncoding", "LearnedPositionEncoding", [4, 3, {"batchFirst": True}], Learned(4, 3), uniform(2, 3, 3))
add("RotaryPositionEncoding", "RotaryPositionEncoding", [], Rotary(), uniform(2, 4, 6))
add("RotaryPositionEncoding of halves, later", "RotaryPositionEncoding", [{"interleaved": False, "offset": 3}], Rotary(3, True), uniform(3, 4))

write_layers("attention-layers.json", cases)
