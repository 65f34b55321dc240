"""How popular contents are: Zipf's law over ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def zipf_shares(titles: int, exponent: float) -> NDArray[np.float64]:
    """Share of the audience that each title has.

    Parameters
    ----------
    titles : int                    Number of titles, >= 1, the most popular first.
    exponent : float                Popularity falls as 1 / rank^exponent, >= 0; 0 makes all alike.

    Returns
    -------
    (titles,) float                 Shares, sum 1; 3 titles with exponent 1 have 6/11, 3/11, 2/11.

    Raises
    ------
    ValueError                      No titles, or an exponent below 0 or not finite.

    Source                          Breslau, Cao, Fan, Phillips, Shenker, Web caching and Zipf-like
                                    distributions, INFOCOM 1999.
    """
    if titles < 1 or not 0 <= exponent < np.inf:
        raise ValueError(f"{titles} titles with exponent {exponent}; accepted: >= 1 and >= 0")
    weights = np.arange(1, titles + 1, dtype=np.float64) ** -exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def zipf_choice(uniforms: ArrayLike, *, titles: int, exponent: float) -> NDArray[np.int64]:
    """Title that each user chooses, from a uniform number in [0, 1) each; 0 is the most popular.

    Another number of users leaves the choices of the first ones as they are.
    """
    edges = np.cumsum(zipf_shares(titles, exponent))
    edges[-1] = 1.0
    return np.searchsorted(edges, np.asarray(uniforms, dtype=np.float64), side="right").astype(np.int64)
