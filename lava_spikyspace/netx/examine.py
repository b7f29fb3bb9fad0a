"""From the content of a file to its network and all that is wrong with it.

Reader and lint differ only in what they do with the findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.decode import decode
from lava_spikyspace.netx.draft import Draft
from lava_spikyspace.netx.form import Form, Section
from lava_spikyspace.netx.migrations import Version, is_readable, migrate
from lava_spikyspace.netx.rules import check_draft
from lava_spikyspace.netx.schema import EXTENSION, FORMAT, HEADER, VERSION
from lava_spikyspace.netx.tree import ROOT, Tree, Value, content_digest


@dataclass(frozen=True)
class Examination:
    """What a file holds.

    Parameters
    ----------
    draft : Draft, optional
        Its network, without holes if there are no findings; None for another format or version.
    header : mapping of str to str
        Attributes of the root by name, those that are well formed.
    findings : tuple of Diagnostic
        All that is wrong, in the order of the rules.
    """

    draft: Draft | None
    header: Mapping[str, str]
    findings: tuple[Diagnostic, ...]


def examine(tree: Tree) -> Examination:
    """Check the content of a file and decode it.

    Parameters
    ----------
    tree : Tree
        Everything that the file holds.
    """
    form = Form(tree)
    section = form.section(ROOT, HEADER)
    header = {path.removeprefix("@"): str(value) for path, value in section.values.items()}
    version = _check_version(form, section)
    if version is None:
        return Examination(None, header, tuple(form.findings))
    _check_digest(form, header.get("content_sha256"))
    form.tree = migrate(tree, version)
    draft = decode(form)
    return Examination(draft, header, (*form.findings, *check_draft(draft)))


def examine_values(values: Mapping[str, Value]) -> Examination:
    """Check values that are to be written, without a header; see `examine`."""
    form = Form(Tree.of(values))
    draft = decode(form)
    return Examination(draft, {}, (*form.findings, *check_draft(draft)))


def _check_version(form: Form, header: Section) -> Version | None:
    """Return the version of the file; None, with a finding, if this reader does not know it."""
    for path, name in (("@format", FORMAT), ("@extension", EXTENSION)):
        found = header.values.get(path)
        if found != name:
            if found is not None:
                form.find("file-version", ROOT + path, f"found {found}, expected {name}")
            return None
    text = header.values.get("@extension_version")
    if text is None:
        return None
    major, minor = (int(part) for part in str(text).split("."))
    if not is_readable((major, minor)):
        ours = f"{VERSION[0]}.{VERSION[1]}"
        message = f"found version {text}, this reader knows {VERSION[0]}.0 to {ours}"
        form.find("file-version", "/@extension_version", message)
        return None
    return major, minor


def _check_digest(form: Form, stored: str | None) -> None:
    if stored is not None and (found := content_digest(form.tree.values)) != stored:
        message = f"found {stored}, the content has {found}"
        form.find("content-digest", "/@content_sha256", message)
