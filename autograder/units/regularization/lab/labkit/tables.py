"""Tables instead of printed dicts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from IPython.display import display

from .messages import _, number, say

HEADINGS = (_("layer"), _("parameters"), _("kernel"), _("bias"))  # of the lessons' tables


class Table:
    """Columns and rows of cells that are text already; shows as HTML in a notebook, as text in a terminal."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.columns, self.rows = list(columns), [list(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows] if any(cell.strip() for cell in self.columns) else self.rows
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in self.columns)
        head = f"<thead><tr>{head}</tr></thead>" if any(cell.strip() for cell in self.columns) else ""
        body = "".join(
            f"<tr><th scope='row'>{escape(row[0])}</th>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
        )
        return f"<table>{head}<tbody>{body}</tbody></table>"


def show_table(rows: Mapping[Any, Any] | Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Show `rows` as a table: a dict name → value, list or dict, or a list of dicts with the same keys.

    `columns` replaces the headings; those that the lessons use are shown in the folder's language. Numbers are
    rounded to three significant digits.
    """
    if isinstance(rows, Mapping):
        rows = [_row(name, value) for name, value in rows.items()]
    if not rows:
        raise ValueError(say(_("There is nothing to show: the table has no rows.")))
    headings = [say(str(name)) for name in columns or rows[0]]
    display(Table(headings, [[_written(value) for value in row.values()] for row in rows]))


def _row(name: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {"": name, **value}
    values = value if isinstance(value, (list, tuple, np.ndarray)) else [value]
    return {"": name} | {" " * (i + 1): part for i, part in enumerate(values)}


def _written(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return number(float(value))
    return str(value)
