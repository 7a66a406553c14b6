"""Averaging on a communication graph, written from the story: unit samples that are passed on and thinned; all graphs, one by one."""

import itertools

import networkx
import numpy as np


def squared_error(precision, edges, rounds, fidelity, replications, rng, samples=64):
    """(replications, n): agent j holds precision_j samples of each of `samples` kinds, all of mean 0; a message keeps the first fidelity of them."""
    n = len(precision)
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    held = [rng.normal(size=(replications, samples)) / np.sqrt(p / samples) for p in precision]  # a sample's precision is p / samples
    out = np.zeros((replications, n))
    for i in range(n):
        total = weight = 0.0
        for j, d in dict(networkx.single_target_shortest_path_length(graph, i, cutoff=rounds)).items():
            kept = round(samples * fidelity**d)
            total = total + precision[j] / samples * held[j][:, :kept].sum(axis=1)
            weight += precision[j] / samples * kept
        out[:, i] = (total / weight) ** 2
    return out


def risk(precision, edges, rounds, fidelity):
    """The mean of 1 / P_i from shortest paths."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(precision)))
    graph.add_edges_from(edges)
    known = [sum(precision[j] * fidelity**d for j, d in dict(networkx.single_target_shortest_path_length(graph, i, cutoff=rounds)).items()) for i in graph]
    return float(np.mean(1.0 / np.array(known)))


def best(precision, budget, rounds, fidelity):
    """The least risk over all graphs of `budget` edges."""
    pairs = list(itertools.permutations(range(len(precision)), 2))
    return min(risk(precision, edges, rounds, fidelity) for edges in itertools.combinations(pairs, budget))
