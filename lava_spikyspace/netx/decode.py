"""From the values of a file to a `Draft` of its network; layers are in `decode_layers`."""

from __future__ import annotations

from typing import Any, cast

from lava_spikyspace.network import Golden, Normalisation
from lava_spikyspace.netx.decode_layers import decode_layers
from lava_spikyspace.netx.draft import Draft
from lava_spikyspace.netx.form import Form, Section
from lava_spikyspace.netx.provenance import from_json
from lava_spikyspace.netx.schema import DEPLOYMENT, GOLDEN, PROVENANCE
from lava_spikyspace.netx.tree import ROOT


def decode(form: Form) -> Draft:
    """Return all of a network that could be decoded; what does not fit is added to the findings.

    Parameters
    ----------
    form : Form
        Content of a file in the current version; its header has been checked.
    """
    deployment = form.section("/deployment", DEPLOYMENT)
    draft = Draft(
        slots=tuple(decode_layers(form)),
        window=cast("int | None", deployment.values.get("@window")),
        horizon=cast("int | None", deployment.values.get("@horizon")),
        normalisation=_normalisation(deployment),
        variates=cast("tuple[str, ...] | None", deployment.values.get("variates")),
        bits=cast("dict[str, int]", deployment.attributes("bits")),
        formats=cast("dict[str, int]", deployment.attributes("formats")),
        golden=_golden(form),
        provenance=_provenance(form),
    )
    form.report_unknown()
    return draft


def _normalisation(deployment: Section) -> Normalisation | None:
    if not deployment.complete:
        return None
    values: dict[str, Any] = deployment.values
    return Normalisation(
        kind=values["normalisation@kind"],
        mean=values.get("normalisation/mean"),
        scale=values.get("normalisation/scale"),
        eps=values.get("normalisation@eps"),
    )


def _golden(form: Form) -> Golden | None:
    if "/golden" not in form.tree.groups:
        return None
    section = form.section("/golden", GOLDEN)
    if not section.complete:
        return None
    values: dict[str, Any] = section.values
    return Golden(
        inputs=values["inputs"],
        forecasts=values["forecasts"],
        digests=cast("dict[str, str]", section.attributes("digests")),
    )


def _provenance(form: Form) -> dict[str, Any]:
    section = form.section(ROOT, PROVENANCE)
    if not section.complete:
        return {}
    (text,) = cast("tuple[str]", section.values["provenance"])
    try:
        return from_json(text)
    except ValueError as error:
        form.find("entry-text", "/provenance", f"found malformed JSON: {error}")
        return {}
