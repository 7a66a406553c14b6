"""Organisations of voters in numpy, written from the model: one array a node, all replications at once, all draws through `draw(p)`.

With `every_pattern` the draws are not random: all patterns of all draws are gone through, with their probabilities.
"""

import numpy as np


def biases(graph, bias, gamma, rho, draw, channel="flip", weight=None, noise=0.0, sent=False):
    """node -> array of +-1 (right or wrong). `graph`: {node: [inputs]}, inputs before readers; `weight`: {(u, v): number}."""
    said = {}
    for v, inputs in graph.items():
        if not inputs:
            said[v] = 2 * draw((1 + bias) / 2) - 1
            continue
        common = draw(rho) if rho else 0
        out = [np.where(common, said[inputs[0]], said[u]) if sent else said[u] for u in inputs]
        if channel == "flip":
            out = [np.where(draw((1 - gamma) / 2), -x, x) for x in out]
        else:
            out = [np.where(draw(1 - gamma), 2 * draw(0.5) - 1 if channel == "coin" else 0, x) for x in out]
        if not sent:
            out = [np.where(common, out[0], x) for x in out]
        total = sum((1.0 if weight is None else weight[u, v]) * x for u, x in zip(inputs, out))
        vote = np.sign(total)
        if channel == "abstain" or len(inputs) % 2 == 0 or weight is not None:
            vote = np.where(vote == 0, 2 * draw(0.5) - 1, vote)
        said[v] = np.where(draw(noise), -vote, vote) if noise else vote
    return said


def every_pattern(play):
    """{node: exact bias} of play(draw)."""
    chances = []
    play(lambda p: chances.append(p) or np.zeros(1, int))
    pattern, weight, k = np.arange(2 ** len(chances)), np.ones(2 ** len(chances)), iter(range(len(chances)))
    for i, p in enumerate(chances):
        weight *= np.where(pattern >> i & 1, p, 1 - p)
    return {v: float(weight @ x) for v, x in play(lambda p: pattern >> next(k) & 1).items()}
