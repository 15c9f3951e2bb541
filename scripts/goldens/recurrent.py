#!/usr/bin/python3
"""Goldens of recurrent layers and their cells; see common.py."""
import torch
from torch import nn

from common import layer_case, uniform, write_layers

cases = []


def add(name, kind, args, module, *inputs, mode="train"):
    cases.append(layer_case(name, kind, args, module, inputs, mode))


def packed(base):
    """The layer on sequences of the lengths of an integer input, with initial states."""

    class Packed(base):
        def forward(self, x, lengths, *state):
            state = (state[0] if len(state) == 1 else tuple(state)) if state else None
            steps = x.shape[1 if self.batch_first else 0]
            pack = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=self.batch_first, enforce_sorted=False)
            output, last = super().forward(pack, state)
            return nn.utils.rnn.pad_packed_sequence(output, batch_first=self.batch_first, total_length=steps)[0], last

    return Packed


def stateful(base):
    class Stateful(base):
        def forward(self, x, *state):
            return super().forward(x, state if len(state) > 1 else state[0])

    return Stateful


lengths = torch.tensor([3, 5, 1])

add("RNN", "RNN", [3, 4], nn.RNN(3, 4), uniform(5, 2, 3))
add("RNN relu, two layers, both directions", "RNN", [2, 3, {"numLayers": 2, "nonlinearity": "relu", "bidirectional": True, "batchFirst": True}],
    nn.RNN(2, 3, num_layers=2, nonlinearity="relu", bidirectional=True, batch_first=True), uniform(2, 4, 2))
add("RNN of lengths", "RNNOfLengths", [2, 3, {"bidirectional": True}], packed(nn.RNN)(2, 3, bidirectional=True), uniform(6, 3, 2), lengths)
add("LSTM", "LSTM", [3, 4], nn.LSTM(3, 4), uniform(5, 2, 3))
add("LSTM from a state", "LSTMFromState", [3, 2, {"numLayers": 2, "bias": False}], stateful(nn.LSTM)(3, 2, num_layers=2, bias=False),
    uniform(3, 2, 3), uniform(2, 2, 2), uniform(2, 2, 2))
add("LSTM both directions, projected", "LSTM", [3, 4, {"numLayers": 2, "bidirectional": True, "projSize": 2}],
    nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2), uniform(3, 2, 3))
add("LSTM of one sequence", "LSTM", [2, 3, {"bidirectional": True}], nn.LSTM(2, 3, bidirectional=True), uniform(4, 2))
add("LSTM of lengths", "LSTMOfLengths", [2, 3, {"numLayers": 2, "bidirectional": True, "batchFirst": True}],
    packed(nn.LSTM)(2, 3, num_layers=2, bidirectional=True, batch_first=True), uniform(3, 6, 2), lengths)
add("LSTM of lengths from a state", "LSTMOfLengths", [2, 3], packed(nn.LSTM)(2, 3), uniform(6, 3, 2), lengths, uniform(1, 3, 3), uniform(1, 3, 3))
add("LSTM with dropout, evaluated", "LSTM", [2, 3, {"numLayers": 2, "dropout": 0.5}], nn.LSTM(2, 3, num_layers=2, dropout=0.5), uniform(3, 2, 2), mode="eval")
add("GRU", "GRU", [3, 4], nn.GRU(3, 4), uniform(5, 2, 3))
add("GRU from a state, two layers", "GRU", [3, 2, {"numLayers": 2, "bias": False}], nn.GRU(3, 2, num_layers=2, bias=False), uniform(3, 2, 3), uniform(2, 2, 2))
add("GRU of lengths", "GRUOfLengths", [2, 3, {"bidirectional": True}], packed(nn.GRU)(2, 3, bidirectional=True), uniform(6, 3, 2), lengths, uniform(2, 3, 3))
add("RNNCell", "RNNCell", [3, 4], nn.RNNCell(3, 4), uniform(2, 3), uniform(2, 4))
add("RNNCell relu", "RNNCell", [3, 4, {"nonlinearity": "relu", "bias": False}], nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), uniform(2, 3))
add("LSTMCell", "LSTMCell", [3, 4], nn.LSTMCell(3, 4), uniform(2, 3))
add("LSTMCell from a state", "LSTMCellFromState", [3, 4], stateful(nn.LSTMCell)(3, 4), uniform(3), uniform(4), uniform(4))
add("GRUCell", "GRUCell", [3, 4], nn.GRUCell(3, 4), uniform(2, 3), uniform(2, 4))

write_layers("recurrent-layers.json", cases)
