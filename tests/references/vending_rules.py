"""Prices and orders of vendors in numpy, all replications at once: `base_stock`, `myopic_vendor`, `random_vendor`."""

import numpy as np
from scipy.stats import poisson


def choose(rule, m, t, f, cash, stock, position, rng, reserve=1, salvage=0.9):
    """Prices and orders, (replications, K); m holds the machine and its demand, f the calendar's factor of each day."""
    grid = np.arange(1, int(m["limit"].max()) + 1)[:, None]
    gain = np.where(grid <= m["limit"], (grid - m["cost"]) * (grid / m["reference"]) ** -m["e"], -np.inf)
    best = gain.argmax(0) + 1.0
    if rule == "random_vendor":
        return rng.integers(m["cost"], m["limit"] + 1, stock.shape), rng.integers(0, m["capacity"] + 1, stock.shape).astype(float)
    mean = m["base"] * (best / m["reference"]) ** -m["e"]
    if rule == "myopic_vendor":
        with np.errstate(divide="ignore"):
            clear = np.clip(np.floor(m["reference"] * (m["base"] * f[t] / stock) ** (1 / m["e"]) + 0.5), 1, m["limit"])
        level = np.minimum(poisson.ppf(1 - m["cost"] / best, mean * f[t]), m["capacity"])
        return np.where(stock > 0, clear, best), np.maximum(level - position, 0)
    level = np.minimum(poisson.ppf((best - m["cost"]) / (best - salvage * m["cost"]), mean * f[t : t + m["lead"] + 1].sum()), m["capacity"])
    order, cash = np.zeros_like(stock), cash - reserve * m["fee"]
    for i in range(best.size):
        order[:, i] = np.clip(np.minimum(level[i] - position[:, i], cash // m["cost"][i]), 0, None)
        cash = cash - order[:, i] * m["cost"][i]
    return np.tile(best, (len(stock), 1)), order
