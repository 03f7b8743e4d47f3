"""The noise of `docs/schedulers.md`."""

import math

import numpy


def philox(counter, key):
    """Philox 4x32-10: the four words of a counter."""
    mask = 0xFFFFFFFF
    for _ in range(10):
        a, b = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = (b >> 32) ^ counter[1] ^ key[0], b & mask, (a >> 32) ^ counter[3] ^ key[1], a & mask
        key = (key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask
    return counter


def normal_noise(sample, count, seed, draw=0):
    """The first latents of a sample of the seed, or with a draw of 1 or more the noise of a step."""
    values = []
    for i in range((count + 1) // 2):
        w = philox((i, 0, sample, draw), (seed, 0))
        u, v = ((w[1] << 32 | w[0]) >> 11) / 2**53, ((w[3] << 32 | w[2]) >> 11) / 2**53
        r = math.sqrt(-2 * math.log(1 - u))
        values += [r * math.cos(2 * math.pi * v), r * math.sin(2 * math.pi * v)]
    return numpy.float32(values[:count])
