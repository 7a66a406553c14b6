"""Food rescue: a volunteer is indexable where all rewards are equal, with index p_k / (1 + beta S_k).

**Statement.** A volunteer is away or active; the context k of a round has probability f_k; notified while active he accepts with probability p_k, earns w_k and goes away; he comes back with probability q a round; discount beta; a notification costs lambda. If all w_k are 1, the contexts in which an optimal rule
notifies shrink as lambda rises, and context k leaves at W_k = p_k / (1 + beta S_k), S_k = sum_j f_j [p_j - p_k]_+ / (1 - beta + beta q).

**Source.** The problem is that of Tang's food rescue code [Tang2025]_; the index is [Whittle1988]_'s; the closed form is derived here (`theory.volunteer_index`).

**Proved.** In rationals, for *every* price lambda > 0, on a finite class: 2 and 3 contexts, p in {0, 1/4, 1/2, 1}, q in {1/5, 1}, beta in {1/2, 9/10}, f equal or (1/2, 3/10, 1/5). With y = beta (V_active - V_away), optimality is y (1 - beta + beta q) / beta = sum f_j [p_j (w_j - y) - lambda]_+, and k is notified iff
p_k (w_k - y) > lambda. Within a set of notified contexts y is affine in lambda, so the optimal set can change at finitely many prices only, which are listed; between any two of them it is computed and verified by the Bellman equation. `volunteer_index` gives the same to 1e-12.

**Not proved.** Other numbers; the average reward.

**Control.** The hypothesis of equal rewards is dropped: w = (7, 2, 2) and (7, 2).
"""

import itertools
from fractions import Fraction

from budgetsim import claims
from budgetsim.model import Verdict
from budgetsim.theory.volunteer_index import volunteer_index

PERTURBED = "no constant: nested sets, an identity"

Numbers = tuple[Fraction, ...]


def _best_set(f: Numbers, p: Numbers, w: Numbers, stay: Fraction, price: Fraction) -> tuple[int, ...]:
    """The contexts in which notifying is better at this price, where no context ties."""
    k = len(f)
    for mask in range(2**k):
        s = [i for i in range(k) if mask >> i & 1]
        y = sum((f[i] * (p[i] * w[i] - price) for i in s), Fraction(0)) / (stay + sum((f[i] * p[i] for i in s), Fraction(0)))
        gain = [p[i] * (w[i] - y) - price for i in range(k)]
        if all((gain[i] > 0) == (i in s) for i in range(k)):
            return tuple(s)
    raise AssertionError("the price is a tie")


def _bellman(f: Numbers, p: Numbers, w: Numbers, q: Fraction, beta: Fraction, price: Fraction, s: tuple[int, ...]) -> bool:
    """Whether notifying in s is optimal: values of the rule by its two linear equations, then one step of improvement."""
    notified, accepted = [i in s for i in range(len(f))], sum((f[i] * p[i] for i in s), Fraction(0))
    earned = sum((f[i] * (p[i] * w[i] - price) for i in s), Fraction(0))
    # active = earned + beta (accepted away + (1 - accepted) active);  away = beta (q active + (1 - q) away)
    ratio = beta * q / (1 - beta * (1 - q))  # away / active
    active = earned / (1 - beta * (accepted * ratio + 1 - accepted))
    away = ratio * active
    better = [p[i] * (w[i] + beta * away) + (1 - p[i]) * beta * active - price > beta * active for i in range(len(f))]
    return better == notified and away >= beta * (q * active + (1 - q) * away) - price


def _index(f: Numbers, p: Numbers, w: Numbers, q: Fraction, beta: Fraction) -> tuple[list[Fraction] | None, bool]:
    """(the price at which each context leaves for good, None if one comes back; whether Bellman's equation held at every price tried)."""
    k, stay = len(f), (1 - beta + beta * q) / beta
    prices = {Fraction(0)}
    for mask in range(2**k):
        s = [i for i in range(k) if mask >> i & 1]
        rate = stay + sum((f[i] * p[i] for i in s), Fraction(0))
        level, slope = sum((f[i] * p[i] * w[i] for i in s), Fraction(0)) / rate, -sum((f[i] for i in s), Fraction(0)) / rate  # of y
        for i in range(k):
            if 1 + p[i] * slope != 0:
                prices.add(max(p[i] * (w[i] - level) / (1 + p[i] * slope), Fraction(0)))
    ends = sorted(prices)
    index, sound, here = [Fraction(0)] * k, True, set(range(k))
    for low, high in zip(ends, [*ends[1:], ends[-1] + 2]):
        s = _best_set(f, p, w, stay, (low + high) / 2)
        sound = sound and _bellman(f, p, w, q, beta, (low + high) / 2, s)
        if not set(s) <= here:
            return None, sound
        here = set(s)
        for i in s:
            index[i] = high
    return index, sound


def _closed(f: Numbers, p: Numbers, q: Fraction, beta: Fraction) -> list[Fraction]:
    return [x / (1 + beta * sum(a * max(b - x, Fraction(0)) for a, b in zip(f, p)) / (1 - beta + beta * q)) for x in p]


def _verdict(scale: float, rewards: tuple[int, ...]) -> Verdict:
    levels, ok, many, lost, furthest = [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)], True, 0, 0, 0.0
    for k, q, beta in itertools.product((2, 3) if scale >= 0.3 else (2,), (Fraction(1, 5), Fraction(1)), (Fraction(1, 2), Fraction(9, 10))):
        w = tuple(Fraction(v) for v in rewards[:k])
        for f in ((Fraction(1, k),) * k, (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5)) if k == 3 else (Fraction(4, 5), Fraction(1, 5))):
            for p in itertools.product(levels, repeat=k):
                index, sound = _index(f, p, w, q, beta)
                many, lost = many + 1, lost + (index is None)
                ok = ok and sound and index is not None and (len(set(w)) > 1 or index == _closed(f, p, q, beta))
                if index is not None and len(set(w)) == 1 and many % 8 == 0:
                    house = volunteer_index([float(v) for v in f], [float(v) for v in p], float(q), discount=float(beta)).indices[0]
                    furthest = max(furthest, max(abs(float(a) - b) for a, b in zip(index, house)))
    claim = f"a volunteer with rewards {'all 1' if len(set(rewards)) == 1 else rewards} is indexable{', in closed form' if len(set(rewards)) == 1 else ''}, {many} volunteers, every price"
    return claims.proved(claim, ok and furthest < 1e-12, float(-lost), f"rationals; {lost} volunteers are not indexable")


def check(scale: float, seed: int) -> Verdict:
    return _verdict(scale, (1, 1, 1))


def control(scale: float, seed: int) -> Verdict:
    return _verdict(scale, (7, 2, 2))
