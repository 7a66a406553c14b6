"""`fixed_bias`, `sign_bias`, `proportional_bias`, `decaying_bias`, `auxiliary_loss` and `sinkhorn` in numpy, on given batches."""

import numpy as np


def loads(a, p, k):
    order = np.argsort(-(a + p), axis=1, kind="stable")[:, :k]
    return np.bincount(order.ravel(), minlength=a.shape[1]).astype(float)


def gates(z):
    z = np.exp(z)
    return z / z.sum(axis=1, keepdims=True)


def transported(a, p, k, temperature, sweeps):
    v = np.exp(p / temperature)
    m = np.exp(a / temperature)
    for _ in range(sweeps):
        u = k / (m @ v)
        v = len(a) * k / a.shape[1] / (m.T @ u)
    return temperature * np.log(v)


def simulate(batches, k, rule, u=0.0, weight=0.0, sweeps=0, told=0.0):
    """batches (T, n, E): biases and loads of each batch, (T, E) each."""
    p, out = np.zeros(batches.shape[2]) + told, []
    for t, a in enumerate(batches):
        if rule == "sinkhorn":
            p = transported(a, p, k, u, sweeps)
        load = loads(a, p, k)
        out.append((p.copy(), load))
        short = load.mean() - load
        if rule == "auxiliary":
            s, f = gates(a + p), load / load.sum()
            p = p - u * (weight * a.shape[1] * (s * (f - s @ f[:, None])).mean(axis=0) + p)
        else:
            steps = {"fixed": 0.0, "sinkhorn": 0.0, "sign": np.sign(short), "proportional": short / load.mean(), "n": short / load.mean() / (t + 1), "sqrt": short / load.mean() / np.sqrt(t + 1)}
            p = p + u * steps[rule] if rule != "sinkhorn" else p
    return tuple(np.array(x) for x in zip(*out, strict=True))
