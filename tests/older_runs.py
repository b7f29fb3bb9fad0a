"""Counts as versions wrote them that had no row for the neurons inside a process."""

from dataclasses import replace


def before_squares(rows):
    """Return the rows of a SpikySpace model without `.squares`.

    The row of a root mean square was what its process as a whole did: it took what reaches the
    squares now.
    """
    inside = {row.name.removesuffix(".squares"): row for row in rows if _is_inside(row)}
    return tuple(
        replace(row, events_in=inside[row.name].events_in, synops=inside[row.name].synops)
        if row.name in inside
        else row
        for row in rows
        if not _is_inside(row)
    )


def _is_inside(row):
    return row.name.endswith(".squares")
