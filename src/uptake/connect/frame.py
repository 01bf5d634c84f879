"""A table in a file as columns: Parquet or CSV, read by DuckDB, only the columns that are asked for.

Nothing is written and nothing but the file is read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from uptake.core.problem import refuse
from uptake.plan.hint import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDINGS = (".parquet", ".csv", ".tsv")


def read_columns(file: Path, names: Sequence[str]) -> "list[NDArray[Any]]":
    """The columns of a table, in its order of rows.

    Args:
        file: Parquet, or CSV with a heading.
        names: which; numbers that are missing are NaN.

    Raises:
        Refused: the file cannot be read, or has no such column.
    """
    import numpy as np

    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise refuse("UP070", str(file), "this is neither Parquet nor CSV", "name a file that ends in .parquet or .csv")
    if not file.is_file():
        raise refuse("UP070", str(file), "there is no such file", "name the table that is to be read")
    with duckdb.connect() as database:
        try:
            table = database.read_parquet(str(file)) if ending == ".parquet" else database.read_csv(str(file))
            known = list(table.columns)
            for name in names:
                if name not in known:
                    hint = did_you_mean(name, known) or f"its columns: {', '.join(known)}"
                    raise refuse("UP071", str(file), f"there is no column `{name}`", hint)
            words = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in dict.fromkeys(names))
            columns = table.project(words).fetchnumpy()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise refuse("UP070", str(file), f"the table cannot be read: {first}") from None
    found = [columns[name] for name in names]
    return [_filled(one) if isinstance(one, np.ma.MaskedArray) else one for one in found]


def _filled(column: "NDArray[Any]") -> "NDArray[Any]":
    """A column with gaps as one without: NaN among numbers, NaT among dates, empty among texts."""
    import numpy as np

    assert isinstance(column, np.ma.MaskedArray)
    if column.dtype.kind in "iu":
        return np.where(column.mask, np.nan, column.data) if np.any(column.mask) else np.asarray(column.data)
    return column.filled({"f": np.nan, "M": np.datetime64("NaT")}.get(column.dtype.kind, ""))
