"""Curves of pressure: the derivative of a convex cost of being late, as points and straight lines.

`pressure[k]` is what the schedule would pay for another second of delay at moment `x[k]`. Both
rise from point to point; left of the first point there is no pressure, right of the last one it
stays as it is. Points above each other are a jump.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Curve(NamedTuple):
    """Moments in samples, and the pressure there."""

    x: Floats
    pressure: Floats

    def at(self, x: Floats) -> Floats:
        """The pressure at moments; the upper end of a jump."""
        return np.interp(x, self.x, self.pressure, left=0.0)

    def moved(self, by: float) -> "Curve":
        """The same pressure `by` samples later."""
        return Curve(self.x + by, self.pressure)

    def before(self, pressures: Floats, durations: Floats) -> "Curve":
        """Of an end, the curve of the start before it: an infimal convolution.

        Under a pressure the line in between takes the duration that `durations` has for it.
        """
        inside = pressures[(pressures > self.pressure[0]) & (pressures < self.pressure[-1])]
        x, pressure = self._with(np.interp(inside, self.pressure, self.x), inside, by=1)
        return Curve(x - np.interp(pressure, pressures, durations), pressure)

    def plus(self, force: "Curve") -> "Curve":
        """With another cost added, whose curve has no jumps and reaches far to both sides."""
        x, pressure = self._with(force.x, self.at(force.x), by=0)
        return Curve(x, pressure + np.interp(x, force.x, force.pressure))

    def _with(self, x: Floats, pressure: Floats, *, by: int) -> "Curve":
        """More points of the same curve, in order `by` moment (0) or pressure (1)."""
        points = np.concatenate((self, (x, pressure)), axis=1)
        return Curve(*points[:, np.argsort(points[by], kind="stable")])

    def delayed(self) -> "Curve":
        """The cost of not being allowed before a moment: who may wait, waits for the minimum."""
        first = int(np.searchsorted(self.pressure, 0.0, side="right"))
        (x0, x1), (p0, p1) = self.x[first - 1 : first + 1], self.pressure[first - 1 : first + 1]
        best = x0 + (x1 - x0) * (0.0 - p0) / (p1 - p0)
        x, pressure = self.x[first - 1 :].copy(), self.pressure[first - 1 :].copy()
        x[0], pressure[0] = best, 0.0
        return Curve(x, pressure)

    def until(self, x: float) -> "Curve":
        """Without the points that lie beyond the first one after `x`."""
        last = int(np.searchsorted(self.x, x, side="right")) + 1
        return Curve(self.x[:last], self.pressure[:last])

    def capped(self, price: float) -> "Curve":
        """With delays to be had at `price` a second from where the pressure reaches it."""
        if self.pressure[-1] <= price:
            return self
        last = int(np.searchsorted(self.pressure, price, side="left"))
        x = np.interp(price, self.pressure, self.x)
        return Curve(np.append(self.x[:last], x), np.append(self.pressure[:last], price))
