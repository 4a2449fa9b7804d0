"""Quantiles and tails of normal, t, chi-square, beta and binomial distributions, standard library.

The core install has no scipy; these agree with it to 1e-9 (``tests/unit/statistics``).
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_TINY = 1e-300
_EPS = 1e-15
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
# Where the Stirling error of log Gamma switches from the definition to its asymptotic series.
_SERIES_FROM = 15.0
POWER = 0.8


@lru_cache(maxsize=256)
def z(confidence: float) -> float:
    """The normal quantile: one-sided, ``z(0.95) = 1.645``."""
    return NormalDist().inv_cdf(confidence)


@lru_cache(maxsize=256)
def t(confidence: float, df: float) -> float:
    """The quantile of Student's t with *df* degrees of freedom, one-sided.

    ``t^2/(df+t^2)`` follows Beta(1/2, df/2) (Abramowitz & Stegun 26.7.1). Whichever of it and its
    complement is small is solved for, so that neither many nor few degrees of freedom cost digits.
    """
    if confidence < 0.5:
        return -t(1 - confidence, df)
    y = beta_ppf(2 * confidence - 1, 0.5, df / 2)
    if y < 0.5:
        return math.sqrt(df * y / (1 - y))
    x = beta_ppf(2 * (1 - confidence), df / 2, 0.5)
    return math.sqrt(df * (1 - x) / x) if x > 0 else math.inf


def t_to_z(n: float, level: float) -> float:
    """How much wider bounds are whose spread is known from *n* rows: the quantile of t over z.

    Infinite for one row; over 30 rows by the first term of Cornish and Fisher's expansion.
    """
    if n <= 1:
        return math.inf
    normal = z(level)
    return 1 + (normal * normal + 1) / (4 * (n - 1)) if n > 30 else t(level, n - 1) / normal


@lru_cache(maxsize=256)
def chi_square(p: float, df: float) -> float:
    """The *p* quantile of the chi-square distribution with *df* degrees of freedom.

    Newton's method on the logarithm, kept inside a shrinking bracket: the lower tail of few degrees
    of freedom spans many powers of ten.
    """
    if p <= 0:
        return 0.0
    if p >= 1:
        return math.inf
    a = df / 2
    # Below the true one for every p: P(a, x) < x^a / Gamma(a + 1).
    low = (math.log(p) + math.lgamma(a + 1)) / a
    high = max(low, math.log(a + 1)) + 1
    while gamma_cdf(a, math.exp(high)) < p:
        high += 1
    at = max(low, min(high, math.log(a)))
    for _ in range(200):
        x = math.exp(at)
        below, above = _gamma_tails(a, x)
        error = below - p if p < 0.5 else (1 - p) - above
        low, high = (low, at) if error > 0 else (at, high)
        density = _poisson(a, x) * a  # of log x
        guess = at - (error / density if density > 0 else math.inf)
        if not low < guess < high:
            guess = (low + high) / 2
        if abs(guess - at) <= _EPS or guess in (low, high):
            return 2 * math.exp(guess)
        at = guess
    return 2 * math.exp(at)


def gamma_cdf(a: float, x: float) -> float:
    """The regularised incomplete gamma function P(a, x)."""
    return _gamma_tails(a, x)[0] if x > 0 else 0.0


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Continued fraction of Abramowitz & Stegun 26.5.8, evaluated by Lentz's method, on the side of
    the mean where it converges fast.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_tail(1 - x, x, b, a)
    return _beta_tail(x, 1 - x, a, b)


def beta_ppf(p: float, a: float, b: float) -> float:
    """The *p* quantile of Beta(a, b): Newton's method kept inside a shrinking bracket."""
    if p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    low, high = 0.0, 1.0
    x = a / (a + b)
    for _ in range(200):
        error = beta_cdf(x, a, b) - p
        if error > 0:
            high = x
        else:
            low = x
        density = _beta_front(x, 1 - x, a, b) / (x * (1 - x))
        step = error / density if density > 0 else math.inf
        guess = x - step
        if not low < guess < high:
            # A far tail: halve the exponent rather than the value, so that 1e-9 is reached soon.
            guess = math.sqrt(low * high) if low > 0 and high > 4 * low else (low + high) / 2
        if abs(guess - x) <= _EPS * x or guess in (low, high):
            return guess
        x = guess
    return x


def binomial_pmf(k: int, n: int, p: float) -> float:
    """P(X = k) for X ~ Binomial(n, p)."""
    if not 0 <= k <= n:
        return 0.0
    if k == 0:
        return math.exp(n * math.log1p(-p)) if p < 1 else float(n == 0)
    if k == n:
        return float(p**n)
    return 0.0 if p in (0, 1) else _binomial(k, n - k, p, 1 - p)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k) for X ~ Binomial(n, p), through I_{1-p}(n-k, k+1)."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else beta_cdf(1 - p, n - k, k + 1)


def _gamma_tails(a: float, x: float) -> tuple[float, float]:
    """P(a, x) and Q(a, x), by the series below the mean and the continued fraction above it."""
    if x < a + 1:
        term = total = 1.0
        n = a
        while term > total * _EPS / 10:
            n += 1
            term *= x / n
            total += term
        below = _poisson(a, x) * total
        return below, 1 - below
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for n in range(1, 100_000):
        step = -n * (n - a)
        b += 2
        d = step * d + b
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = b + step / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        if abs(c * d - 1) < _EPS:
            break
    above = _poisson(a, x) * a * value
    return 1 - above, above


def _poisson(a: float, x: float) -> float:
    """x^a e^-x / Gamma(a + 1), by Loader's saddle point as in :func:`_binomial`."""
    return math.exp(-_stirling_error(a) - _deviance(a, x)) / math.sqrt(2 * math.pi * a)


def _beta_tail(x: float, y: float, a: float, b: float) -> float:
    """I_x(a, b) for x below its mean; y = 1 - x."""
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 100_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + step * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + step / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1) < _EPS:
            break
    return _beta_front(x, y, a, b) * value / a


def _beta_front(x: float, y: float, a: float, b: float) -> float:
    """x^a y^b / B(a, b), through the binomial term that it is a multiple of."""
    return _binomial(a, b, x, y) * a * b / (a + b) if x > 0 and y > 0 else 0.0


def _binomial(a: float, b: float, x: float, y: float) -> float:
    """Gamma(n+1)/(Gamma(a+1)Gamma(b+1)) x^a y^b, n = a + b, by Loader's saddle point (2000).

    log Gamma would lose seven digits at a million rows; the deviances lose none.
    """
    n = a + b
    log = _stirling_error(n) - _stirling_error(a) - _stirling_error(b)
    log -= _deviance(a, n * x) + _deviance(b, n * y)
    return math.exp(log) * math.sqrt(n / (2 * math.pi * a * b))


def _stirling_error(n: float) -> float:
    """Log Gamma(n+1) minus Stirling's formula."""
    if n < _SERIES_FROM:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - _HALF_LOG_TWO_PI
    q = 1 / (n * n)
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - q / 1188) * q) * q) * q) / n


def _deviance(x: float, mean: float) -> float:
    """X log(x/mean) + mean - x without cancellation near x = mean."""
    v = (x - mean) / (x + mean)
    if abs(v) > 0.1:
        return x * math.log(x / mean) + mean - x
    total, power, k = (x - mean) * v, 2 * x * v, 1
    while True:
        power *= v * v
        term = power / (2 * k + 1)
        if total + term == total:
            return total
        total += term
        k += 1
