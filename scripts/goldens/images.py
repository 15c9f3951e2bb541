"""PNG files written by hand with the pixels they show over white, and PyTorch's antialiased resizing: test/golden/images.json."""

import base64
import json
import pathlib
import random
import struct
import zlib

import torch
import torch.nn.functional as F

width, height = 5, 2
size = width * height
random.seed(1)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, color_type, samples, extra=b""):
    """A PNG of rows of unfiltered samples, each a number of `depth` bits."""
    per_row = len(samples) // height
    raw = b""
    for y in range(height):
        bits = "".join(format(s, f"0{depth}b") for s in samples[y * per_row : (y + 1) * per_row])
        bits += "0" * (-len(bits) % 8)
        raw += b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    parts = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def over_white(value, alpha):
    return int(value * alpha / 255 + 255 - alpha + 0.5)


def draw(count, levels=256):
    return [random.randrange(levels) for _ in range(count)]


cases = []


def add(name, file, channels, pixels):
    cases.append({"name": name, "file": file, "channels": channels, "pixels": pixels})


grey = draw(size)
add("grey", png(8, 0, grey), 1, grey)
clear = chunk(b"tRNS", struct.pack(">H", grey[3]))
add("grey with a transparent shade", png(8, 0, grey, clear), 1, [255 if g == grey[3] else g for g in grey])
color = draw(3 * size)
add("colour", png(8, 2, color), 3, color)
ga = draw(2 * size)
add("grey with opacity", png(8, 4, ga), 1, [over_white(ga[2 * i], ga[2 * i + 1]) for i in range(size)])
rgba = draw(4 * size)
add("colour with opacity", png(8, 6, rgba), 3, [over_white(rgba[4 * i + c], rgba[4 * i + 3]) for i in range(size) for c in range(3)])
for depth in (1, 2, 4):
    levels = draw(size, 2**depth)
    add(f"grey of {depth} bits", png(depth, 0, levels), 1, [255 * s // (2**depth - 1) for s in levels])
    if depth == 2:
        palette = draw(12)
        plte = chunk(b"PLTE", bytes(palette))
        add("palette", png(2, 3, levels, plte), 3, [palette[3 * s + c] for s in levels for c in range(3)])
        alpha = [0, 255, 128, 255]
        trns = chunk(b"tRNS", bytes(alpha[:3]))
        shown = [over_white(palette[3 * s + c], alpha[s]) for s in levels for c in range(3)]
        add("palette with opacity", png(2, 3, levels, plte + trns), 3, shown)
deep = draw(size, 65536)
add("grey of 16 bits", png(16, 0, deep), 1, [int(s / 257 + 0.5) for s in deep])

rows = [[[[(37 * x + 11 * y + 90 * c) % 256 for x in range(9)] for y in range(7)] for c in range(3)]]
image = torch.tensor(rows, dtype=torch.float32)


def resized(h, w):
    result = F.interpolate(image, (h, w), mode="bilinear", antialias=True, align_corners=False)
    return result[0].permute(1, 2, 0).reshape(-1).round().int().tolist()


target = pathlib.Path(__file__).parents[2] / "test" / "golden" / "images.json"
target.write_text(json.dumps({"png": cases, "resized": {"shrunk": resized(3, 4), "grown": resized(8, 11)}}) + "\n")
