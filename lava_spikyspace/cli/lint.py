"""`lss lint`: is a model file well formed and consistent."""

from __future__ import annotations

from lava_spikyspace.cli.options import ModelArgument
from lava_spikyspace.cli.session import Session


def lint(session: Session, model: ModelArgument = None) -> None:
    """Check a model file without running it.

    Form, graph, sizes, values, proven widths and golden windows are held against all rules, and
    all findings are listed. `verify` replays the golden windows. Plain NetX files of lava-dl have
    rules of their own; warnings about them do not fail.

    Parameters
    ----------
    session : Session
        The call.
    model : Path, optional
        Model file.
    """
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.netx.kind import file_kind
    from lava_spikyspace.netx.lint import lint_file, rules_for

    path = demo_model_path() if model is None else model
    session.about(model=path)
    findings = lint_file(path)
    rules = rules_for(path)
    session.findings(findings)
    count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    session.line(f"{path}: {count} from {len(rules)} rules")
    sound = all(found.severity != "error" for found in findings)
    if sound:
        session.suggest("inspect" if file_kind(path) == "stock" else "verify", model)
    session.emit(
        data={"findings": len(findings), "rules": len(rules)},
        model=path,
        diagnostics=findings,
        ok=sound,
    )
