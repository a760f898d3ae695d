"""Make the rents: `python -m tests.units.ridge.calibrate.make_rents` writes the files below, always the same.

440 flats with 30 features each on scales from 1 to 1,000, six of which decide the rent, and noise. 40 rows are for
learners: so few that least squares overfits, and that the strength of a penalty can be chosen.
"""

from pathlib import Path

import numpy as np

UNIT = Path(__file__).parents[1]
SOURCE = UNIT.parent / "ridge_course" / "source"
ROWS, NEW_ROWS, FEATURES = 40, 400, 30


def main() -> None:
    """Write data/rents.npz with all rows, and rents.npz of each language with the learners' rows."""
    rng = np.random.default_rng(7)
    mixing = np.eye(FEATURES) + 0.4 * rng.normal(size=(FEATURES, FEATURES)) / np.sqrt(FEATURES)
    x = rng.normal(size=(ROWS + NEW_ROWS, FEATURES)) @ mixing
    weights = np.where(np.arange(FEATURES) < 6, rng.uniform(40, 90, FEATURES) * rng.choice([-1, 1], FEATURES), 0)
    y = 820 + x @ weights + 110 * rng.normal(size=len(x))
    x = x * 10 ** rng.uniform(0, 3, FEATURES) + rng.uniform(1, 50, FEATURES)
    x, y = x.round(3), y.round(2)
    np.savez_compressed(UNIT / "data" / "rents.npz", x=x[:ROWS], y=y[:ROWS], x_new=x[ROWS:], y_new=y[ROWS:])
    for folder in SOURCE.iterdir():
        np.savez_compressed(folder / "rents.npz", x=x[:ROWS], y=y[:ROWS])


if __name__ == "__main__":
    main()
