"""Curves of pressure: the derivative of a convex cost of being late, as points and straight lines.

`pressure[k]` is what the schedule would pay for another second of delay at moment `x[k]`. Both
rise from point to point; left of the first point there is no pressure, right of the last one it
stays as it is. Points above each other are a jump.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class PressureCurve(NamedTuple):
    """Moments in samples, and the pressure there."""

    x: Floats
    pressure: Floats

    def at(self, x: Floats) -> Floats:
        """The pressure at moments; the upper end of a jump."""
        return np.interp(x, self.x, self.pressure, left=0.0)

    def shift(self, by: float) -> "PressureCurve":
        """The same pressure `by` samples later."""
        return PressureCurve(self.x + by, self.pressure)

    def step_back(self, pressures: Floats, durations: Floats) -> "PressureCurve":
        """Of an end, the curve of the start before it: an infimal convolution.

        Under a pressure the line in between takes the duration that `durations` has for it.
        """
        inside = pressures[(pressures > self.pressure[0]) & (pressures < self.pressure[-1])]
        x, pressure = self._insert_points(np.interp(inside, self.pressure, self.x), inside, by=1)
        return PressureCurve(x - np.interp(pressure, pressures, durations), pressure)

    def add_force(self, force: "PressureCurve") -> "PressureCurve":
        """With another cost added, whose curve has no jumps and reaches far to both sides."""
        x, pressure = self._insert_points(force.x, self.at(force.x), by=0)
        return PressureCurve(x, pressure + np.interp(x, force.x, force.pressure))

    def _insert_points(self, x: Floats, pressure: Floats, *, by: int) -> "PressureCurve":
        """More points of the same curve, in order `by` moment (0) or pressure (1)."""
        points = np.concatenate((self, (x, pressure)), axis=1)
        return PressureCurve(*points[:, np.argsort(points[by], kind="stable")])

    def allow_delay(self) -> "PressureCurve":
        """The cost of not being allowed before a moment: who may wait, waits for the minimum."""
        first = int(np.searchsorted(self.pressure, 0.0, side="right"))
        (x0, x1), (p0, p1) = self.x[first - 1 : first + 1], self.pressure[first - 1 : first + 1]
        best = x0 + (x1 - x0) * (0.0 - p0) / (p1 - p0)
        x, pressure = self.x[first - 1 :].copy(), self.pressure[first - 1 :].copy()
        x[0], pressure[0] = best, 0.0
        return PressureCurve(x, pressure)

    def truncate_after(self, x: float) -> "PressureCurve":
        """Without the points that lie beyond the first one after `x`."""
        last = int(np.searchsorted(self.x, x, side="right")) + 1
        return PressureCurve(self.x[:last], self.pressure[:last])

    def cap_price(self, price: float) -> "PressureCurve":
        """With delays to be had at `price` a second from where the pressure reaches it."""
        if self.pressure[-1] <= price:
            return self
        last = int(np.searchsorted(self.pressure, price, side="left"))
        x = np.interp(price, self.pressure, self.x)
        return PressureCurve(np.append(self.x[:last], x), np.append(self.pressure[:last], price))
