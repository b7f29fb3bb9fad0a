"""The generated pages hold what the code holds."""

import subprocess
import sys
from itertools import pairwise

import typer

from lava_spikyspace.cli.app import COMMANDS, app
from lava_spikyspace.cli.command import CommandGroup
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.microcode.catalogue import listing_names, listing_text, part_names
from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.profile import numbers
from lava_spikyspace.hardware.profile_files import load_profile
from lava_spikyspace.hardware.rules import RULES as CHECK_RULES
from lava_spikyspace.netx.lint import RULES, STOCK_RULES
from lava_spikyspace.netx.schema import DEPLOYMENT, GOLDEN, HEADER, LAYER_ENTRIES, PROVENANCE
from lava_spikyspace.sweeps.settings import SETTINGS


def section(page: str, heading: str) -> str:
    _, below = page.split(f"## {heading}", maxsplit=1)
    return below.split("\n## ", maxsplit=1)[0]


def test_every_command_has_a_section_with_all_its_flags(generated):
    page = generated["reference/command-line.md"]
    program = typer.main.get_command(app)
    for name, command in COMMANDS.items():
        found = program.commands[name]
        is_group = isinstance(command, CommandGroup)
        for word, single in found.commands.items() if is_group else [("", found)]:
            full = f"{name} {word}".strip()
            text = section(page, f"{full} {{")
            own = [p for p in single.params if p.rich_help_panel != "Output"]
            for parameter in own:
                assert parameter.help, f"{full}: {parameter.name} has no help"
                is_option = parameter.param_type_name == "option"
                for flag in parameter.opts if is_option else []:
                    assert f"`{flag}`" in text, f"{full} {flag}"


def test_every_rule_is_listed_once_for_its_kind(generated):
    ours, stock = generated["reference/lint-rules.md"].split("## Plain NetX")
    for page, rules in ((ours, RULES), (stock, STOCK_RULES)):
        for code, rule in rules.items():
            assert page.count(f"| `{code}` | {rule.demand}") == 1
    for rule in CHECK_RULES:
        assert f"| `{rule.code}` | {rule.severity} |" in generated["reference/check-rules.md"]


def test_every_number_of_every_profile_is_listed(generated):
    page = generated["reference/hardware-profiles.md"]
    for name in profile_paths():
        profile = load_profile(name)
        text = section(page, f"{name}: ")
        for place, number in numbers(profile):
            row = next(line for line in text.splitlines() if line.startswith(f"| `{place}` |"))
            assert f"`{number.evidence}`" in row or number.value is None


def test_every_operation_and_every_listing_is_there(generated):
    page = generated["reference/neuron-programs.md"]
    for name, operation in OPERATIONS.items():
        assert f"| `{name}` | {operation.kind} |" in page
    for name in (*listing_names(), *part_names()):
        assert f"### {name}\n\n```text\n{listing_text(name).rstrip()}\n```" in page


def test_every_setting_of_a_sweep_is_listed(generated):
    page = generated["reference/sweep-settings.md"]
    for name in SETTINGS:
        assert f"| `{name}` |" in page


def test_every_value_of_a_model_file_is_listed(generated):
    page = generated["reference/file-layout.md"]
    for kind, entries in LAYER_ENTRIES.items():
        _, below = page.split(f"### {kind.__name__.removesuffix('Layer')}\n", maxsplit=1)
        text = below.split("\n### ", maxsplit=1)[0]
        for entry in entries:
            assert f"| `{entry.path}` |" in text, f"{kind.__name__}: {entry.path}"
    for entry in (*HEADER, *DEPLOYMENT, *GOLDEN, *PROVENANCE):
        assert f"| `{entry.path}` |" in page


def test_a_bar_in_a_cell_does_not_end_it(generated):
    for page in generated.values():
        lines = page.splitlines()
        for above, line in pairwise(lines):
            if above.startswith("|") and line.startswith("|"):
                bars = [row.replace("\\|", "").count("|") for row in (above, line)]
                assert bars[0] == bars[1], line


def test_pages_can_be_written_as_files(generated, project_root, tmp_path):
    script = project_root / "docs" / "generate.py"
    subprocess.run([sys.executable, script, tmp_path], check=True, timeout=120)
    for place, text in generated.items():
        assert (tmp_path / place).read_text() == text
