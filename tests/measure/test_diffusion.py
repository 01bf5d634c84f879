"""The Bass curve by least squares: the published fit of a published series, and curves that are known."""

import numpy as np
import pytest

from uptake.measure.diffusion import bass, bass_rate, bass_share

# Video recorders sold in the United States, 1980 to 1989, in thousands: the series of the example of Bass's model that
# goes with R's nls; the printed fit is sales ~ M ((P + Q)^2 / P) exp(-(P + Q) t) / (1 + (Q / P) exp(-(P + Q) t))^2.
RECORDERS = [840, 1470, 2110, 4000, 7590, 10950, 10530, 9470, 7790, 5890]


def test_the_recorders_give_the_printed_fit() -> None:
    found = bass(RECORDERS)
    assert f"{found.m:.2e} {found.se_m:.2e}" == "6.80e+04 3.13e+03"
    assert f"{found.p:.2e} {found.se_p:.2e}" == "6.59e-03 1.43e-03"
    assert f"{found.q:.3g} {found.se_q:.3g}" == "0.638 0.0414"
    assert found.df == 7


@pytest.mark.parametrize(
    ("m", "p", "q", "periods"), [(500.0, 0.03, 0.4, 12), (8e5, 0.002, 0.9, 15), (3.0, 0.2, 0.1, 20)]
)
def test_a_curve_without_noise_is_found_again(m: float, p: float, q: float, periods: int) -> None:
    t = np.arange(1, periods + 1, dtype=float)
    found = bass((m * bass_rate(t, p, q)).tolist())
    assert (found.m, found.p, found.q) == pytest.approx((m, p, q), rel=1e-5)
    assert found.residual == pytest.approx(0, abs=1e-5 * m)
    sums = m * bass_share(np.arange(periods + 1, dtype=float), p, q)
    found = bass(np.diff(sums).tolist(), curve="cumulative")
    assert (found.m, found.p, found.q) == pytest.approx((m, p, q), rel=1e-5)


def test_the_rate_is_the_slope_of_the_share() -> None:
    t, step = np.linspace(0, 30, 40), 1e-4
    slope = (bass_share(t + step, 0.02, 0.3) - bass_share(t - step, 0.02, 0.3)) / (2 * step)
    assert bass_rate(t, 0.02, 0.3) == pytest.approx(slope, abs=1e-8)
    assert float(bass_share(np.array([0.0]), 0.02, 0.3)[0]) == 0
    assert float(bass_share(np.array([500.0]), 0.02, 0.3)[0]) == pytest.approx(1)


def test_a_series_that_does_not_bend_has_no_ceiling() -> None:
    with pytest.raises(ValueError, match="ceiling"):
        bass([2.0**k for k in range(8)])
