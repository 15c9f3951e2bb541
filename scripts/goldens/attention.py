#!/usr/bin/python3
"""Goldens of multi-head attention and transformers; see common.py."""
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
add("Transformer", "Transformer", [4, 2, {**small, "numEncoderLayers": 1, "numDecoderLayers": 2, "batchFirst": True, "activation": "gelu"}],
    CausalTransformer(4, 2, 1, 2, 5, 0, "gelu", batch_first=True), uniform(2, 3, 4), uniform(2, 4, 4))

write_layers("attention-layers.json", cases)
