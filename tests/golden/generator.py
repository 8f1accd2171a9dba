# SPDX-License-Identifier: Apache-2.0
"""The counter generator that PyTorch's side and Burnish's side both compute (generator.c mirrors it).

A stream is a name. Its key is FNV-1a of the name mixed by one Philox block, as brn__philox_key(0,
name) does; word i of the stream is philox(key, counter = i / 4)[i % 4], and the value
u(name, i) = word * 2^-31 - 1 lies in [-1, 1), exactly representable in double.

`python generator.py` checks the published vectors of Random123 and prints the first values.
"""
import numpy as np

MASK32 = np.uint64(0xFFFFFFFF)
CHUNK = 1 << 18  # blocks of four words that are made at a time, so that they stay in the cache


def philox(key, c0, c1, c2, c3):
    """Philox4x32-10 on arrays of counters (uint64 arrays holding 32-bit values)."""
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = ((p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), p1 & MASK32,
                          (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), p0 & MASK32)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def block(key, *counter):
    """One block as four Python integers."""
    return [int(word[0]) for word in philox(key, *(np.array([c], np.uint64) for c in counter))]


def stream_key(name, seed=0):
    """brn__philox_key of src/base/philox.c."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    words = block(seed, h & 0xFFFFFFFF, h >> 32, 0, 0)
    return words[1] << 32 | words[0]


def uniform(name, count):
    """u(name, 0..count-1) as float64."""
    key, blocks = stream_key(name), (count + 3) // 4
    out = np.empty((blocks, 4))
    for start in range(0, blocks, CHUNK):
        index = np.arange(start, min(start + CHUNK, blocks), dtype=np.uint64)
        zero = np.zeros_like(index)
        for lane, word in enumerate(philox(key, index & MASK32, index >> np.uint64(32), zero, zero)):
            out[start:start + len(index), lane] = word
    out *= 2.0 ** -31
    out -= 1
    return out.reshape(-1)[:count]


BASIC = ("resnet18", "resnet34", "resnet18_head", "resnet20_cifar", "resnet56_cifar")
BOTTLENECK = ("resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
              "wide_resnet50_2")
PLAIN = ("vgg", "squeezenet", "densenet")  # how the names of those without residual blocks start


def ends_residual_block(architecture, name):
    """Is `name` the scale of the last batch norm of a residual block?"""
    if architecture in BASIC:
        return name.startswith("layer") and name.endswith(".bn2.weight")
    if architecture in BOTTLENECK:
        return name.startswith("layer") and name.endswith(".bn3.weight")
    if architecture == "efficientnet_lite0":
        return name.startswith("_blocks.") and name.endswith("._bn2.weight")
    if architecture == "mobilenet_v2":
        return name.endswith(".conv.3.weight")
    if architecture.startswith(PLAIN) or architecture == "table":
        return False
    raise ValueError(architecture)


def fill(architecture, name, shape):
    """The generated value of a parameter or buffer, float64, row-major."""
    u = uniform(name, int(np.prod(shape)))
    if len(shape) >= 2:  # convolution or linear weight: Kaiming's bound by fan-in
        u *= np.sqrt(6.0 / int(np.prod(shape[1:])))
    elif name.endswith("running_var"):
        u = 1 + .5 * u
    elif name.endswith("running_mean"):
        u *= .1
    elif name.endswith("weight"):  # batch norm's scale
        u = 1 + .2 * u
        if ends_residual_block(architecture, name):
            u *= .2
    elif name.endswith("bias"):
        u *= .1
    else:
        raise ValueError(name)
    return u.reshape(shape)


def targets(count, classes):
    return [(7 * i + 3) % classes for i in range(count)]


def check():
    """Known answers of Random123 (kat_vectors, philox4x32, 10 rounds)."""
    assert block(0, 0, 0, 0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    full = 0xFFFFFFFF
    assert block(2 ** 64 - 1, full, full, full, full) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    assert block(0x299F31D0A4093822, 0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344) == [
        0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
    long, short = uniform("input", 4 * CHUNK + 9), uniform("input", 7)
    assert (long[:7] == short).all() and abs(long).max() <= 1 and abs(long.mean()) < .01


if __name__ == "__main__":
    check()
    print("input", uniform("input", 4))
