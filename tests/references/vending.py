"""A vending machine in numpy, all replications at once, and `meltdown`: from a day of that hazard on nothing is done."""

import numpy as np


def simulate(vendor, m, cash, days, f, replications, rng, hazard=lambda t: 0.0):
    """Final net worth less cash at the start, and the day after which a run was bankrupt (days + 1: never)."""
    n, k = replications, m["base"].size
    way, price = np.zeros((n, k, m["lead"] + 1)), np.tile(m["reference"].astype(float), (n, 1))
    cash, till, unpaid, lost, end = np.full(n, float(cash)), np.zeros(n), np.zeros(n), np.zeros(n, bool), np.full(n, days + 1)
    start = cash[0]
    for t in range(days):
        alive, lost = end > days, lost | (rng.random(n) < hazard(t))
        want, order = vendor(m, t, f, cash + till, way[:, :, 0], way.sum(2), rng)
        price, order, got = np.where((lost | ~alive)[:, None], price, want), np.where((lost | ~alive)[:, None], 0, order), np.where(lost | ~alive, 0, till)
        cash, till = cash + got, till - got
        for i in range(k):
            order[:, i] = np.minimum(np.minimum(order[:, i], m["capacity"][i] - way[:, i].sum(1)), cash // m["cost"][i])
            cash = cash - order[:, i] * m["cost"][i]
        sold = np.minimum(rng.poisson(f[t] * m["base"] * (price / m["reference"]) ** -m["e"]), way[:, :, 0]) * alive[:, None]
        till, way[:, :, 0] = till + (sold * price).sum(1), way[:, :, 0] - sold
        way[:, :, -1] += order
        way[alive] = np.concatenate([way[alive, :, :1] + way[alive, :, 1:2], way[alive, :, 2:], np.zeros((alive.sum(), k, 1))], axis=2)
        paid = (cash + till >= m["fee"]) & alive
        short = np.where(paid, np.maximum(m["fee"] - cash, 0), 0)
        cash, till, unpaid = cash - np.where(paid, m["fee"] - short, 0), till - short, np.where(paid, 0, unpaid + alive)
        end = np.where(alive & (unpaid == m["unpaid"]), t + 1, end)
    return cash + till + (way.sum(2) * m["cost"]).sum(1) - start, end
