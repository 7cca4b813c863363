"""Every connector as one byte, for a picture of the whole network that fits a screen. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from monitor.insight.picture import STANDING_OF, STANDINGS, Connector, Picture, Standing, connector_of


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Connectors by site, within a site the worst first: in a random order it would look like noise.

    `codes`: the index in STANDINGS of each. `rows`: which rows of the picture they are.
    """

    picture: Picture
    codes: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.int64]

    def at(self, number: int) -> Connector | None:
        """One of them; None beyond the last."""
        if not 0 <= number < len(self.rows):
            return None
        [row] = self.picture.connectors.slice(int(self.rows[number]), 1).to_pylist()
        return connector_of(row)

    def of(
        self, sites: Collection[str] | None = None, standing: Standing | None = None, current: str | None = None
    ) -> "Mosaic":
        """Those at these sites, in this standing, of this current."""
        table, chosen = self.picture.connectors.take(pa.array(self.rows)), np.ones(len(self.rows), np.bool_)
        if sites is not None:
            chosen &= pc.is_in(table["site"], pa.array(list(sites), pa.string())).to_numpy()
        if standing is not None:
            chosen &= self.codes == STANDINGS.index(standing)
        if current is not None:
            chosen &= pc.fill_null(pc.equal(table["current"], current), False).to_numpy()
        return Mosaic(self.picture, self.codes[chosen], self.rows[chosen])


@lru_cache(maxsize=2)
def mosaic(picture: Picture) -> Mosaic:
    """Of all connectors. Kept for the newest pictures, because every open page asks for it."""
    table = picture.connectors
    states = pc.dictionary_encode(table["state"].combine_chunks())
    known = [STANDINGS.index(STANDING_OF.get(state, "unknown")) for state in states.dictionary.to_pylist()]
    of_state = np.array([*known, STANDINGS.index("unknown")], np.uint8)
    codes = of_state[pc.fill_null(states.indices, len(known)).to_numpy()]
    names = table.select(["site", "station", "connector"]).append_column("code", pa.array(codes))
    order = [("site", "ascending"), ("code", "ascending"), ("station", "ascending"), ("connector", "ascending")]
    rows = pc.sort_indices(names, order).to_numpy().astype(np.int64)
    return Mosaic(picture, codes[rows], rows)
