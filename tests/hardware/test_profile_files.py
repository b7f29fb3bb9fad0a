import json

import pytest

from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.profile import (
    AccountingProfile,
    ChipProfile,
    numbers,
    profile_schema,
)
from lava_spikyspace.hardware.profile_files import (
    load_accounting,
    load_chip,
    load_profile,
    locate_profile,
    validate_profile,
)
from lava_spikyspace.hardware.quantity import Quantity

NAMES = ("cmos45", "hala_point", "kapoho_point", "loihi1", "loihi2")
MINE = """
schema = "lava-spikyspace/hardware-profile@1"
extends = "loihi2"
name = "mine"
title = "Mine"
description = "A board."

[sources]
lab = "counted"

[layout.chips]
value = 3
unit = "chip"
evidence = "measured"
source = "lab"
"""


ESTIMATES = ("fitted", "derived", "proxy")


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


def test_the_package_has_these_profiles():
    assert tuple(profile_paths()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_of_the_package_is_sound_and_bears_the_name_of_its_file(name):
    assert validate_profile(name) == []
    assert load_profile(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_source_or_a_reason_why_it_is_missing(name):
    profile = load_profile(name)
    found = dict(numbers(profile))
    assert found
    for place, number in found.items():
        if isinstance(number, Quantity) and number.value is None:
            assert number.missing, place
        else:
            assert number.source in profile.sources, place


@pytest.mark.parametrize("name", NAMES)
def test_estimates_have_a_range_or_a_reason_why_they_have_none(name):
    for place, number in numbers(load_profile(name)):
        if place.startswith(("energy.", "time.")) and number.evidence in ESTIMATES:
            is_ranged = number.low is not None and number.high is not None
            assert is_ranged or "SANA-FE has the same" in number.note or "no second" in number.note


def test_every_source_is_used():
    for name in NAMES:
        profile = load_profile(name)
        used = {number.source for _, number in numbers(profile)} - {None}
        assert used <= set(profile.sources)
        if "extends" not in locate_profile(name).read_text():
            mentioned = " ".join(n.note or "" for _, n in numbers(profile))
            named = {"sana_fe": "SANA-FE", "seqsnn": "SeqSNN"}
            for key in set(profile.sources) - used:
                assert named.get(key, key) in mentioned, (name, key)


@pytest.mark.parametrize(
    ("name", "chips", "cores"),
    [
        ("loihi1", 1, 128),
        ("loihi2", 1, 120),
        ("kapoho_point", 8, 960),
        ("hala_point", 1152, 140544),
    ],
)
def test_sizes_of_the_boards(name, chips, cores):
    board = load_chip(name)
    assert (board.layout.chips.whole, board.usable_cores) == (chips, cores)


def test_the_mesh_has_room_for_all_cores():
    for name in NAMES[1:]:
        layout = load_chip(name).layout
        tiles = layout.tile_columns.whole * layout.tile_rows.whole
        assert tiles * layout.cores_per_tile.whole >= layout.usable_cores_per_chip.whole


def test_a_board_is_its_chip_but_for_what_it_states():
    chip, board = load_chip("loihi2"), load_chip("kapoho_point")
    differing = {
        place
        for (place, number), (_, other) in zip(numbers(chip), numbers(board), strict=True)
        if number != other
    }
    assert differing == {"layout.chips"}


def test_a_file_of_the_user_extends_a_profile(mine):
    board = load_chip(mine)
    assert (board.name, board.usable_cores) == ("mine", 360)
    assert board.core == load_chip("loihi2").core
    assert load_chip(str(mine)) == board
    assert load_chip(board) is board


def test_a_file_may_extend_its_neighbour(mine):
    other = mine.with_name("other.toml")
    other.write_text(MINE.replace('"loihi2"', '"./mine.toml"').replace('"mine"', '"other"'))
    assert load_chip(other).usable_cores == 360


def test_a_circle_is_refused(mine):
    mine.write_text(MINE.replace('"loihi2"', '"./mine.toml"'))
    with pytest.raises(InputError, match="chain of more than"):
        load_profile(mine)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match=r"there are cmos45, hala_point") as caught:
        load_profile("loihi_2")
    assert "did you mean loihi2" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("value = 3", "value = 3\ncolour = 1", "layout.chips.colour", "does not know"),
        ("value = 3", "value = 3.5", "layout.chips", "whole number"),
        ("value = 3", 'value = "3"', "layout.chips.value", "expected a number"),
        ('unit = "chip"', 'unit = "core"', "layout.chips", "found unit 'core'"),
        ('"measured"', '"guessed"', "layout.chips.evidence", "Input should be"),
        ('source = "lab"', 'source = "you"', "profile", "layout.chips: found source 'you'"),
        ('name = "mine"', 'name = "Mine board"', "name", "String should match pattern"),
        ("@1", "@2", "schema", "Input should be"),
        ("[layout.chips]", "[layout.chops]", "layout.chops", "does not know"),
        ('extends = "loihi2"', "", "profile", "Unable to extract tag"),
        ("value = 3", "missing = 'none'", "layout.chips", "that is missing"),
    ],
)
def test_every_fault_is_named_with_its_place(mine, old, new, where, message):
    mine.write_text(MINE.replace(old, new))
    faults = validate_profile(mine)
    assert any(fault.where == where and message in fault.message for fault in faults), faults
    with pytest.raises(InputError, match=str(mine)):
        load_profile(mine)


def test_all_faults_are_collected(mine):
    mine.write_text(MINE.replace("value = 3", "value = 3\ncolour = 1\nsize = 2"))
    assert len(validate_profile(mine)) == 2
    with pytest.raises(InputError, match=r"\(and 1 more\)"):
        load_profile(mine)


@pytest.mark.parametrize("content", [b"= 3", b"\xff\xfe", None])
def test_what_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.toml: (not a TOML|cannot be read)"):
        load_profile(path)


def test_the_two_kinds_are_told_apart():
    assert isinstance(load_profile("cmos45"), AccountingProfile)
    assert isinstance(load_profile("loihi2"), ChipProfile)
    with pytest.raises(UsageError, match="cmos45 describes no chip"):
        load_chip("cmos45")
    with pytest.raises(UsageError, match="loihi2 has no energies"):
        load_accounting("loihi2")


def test_the_schema_is_json_and_knows_every_section():
    schema = json.loads(json.dumps(profile_schema()))
    assert {"ChipProfile", "AccountingProfile", "Quantity"} <= set(schema["$defs"])
    assert schema["$defs"]["Quantity"]["additionalProperties"] is False
    assert "Parameters" not in schema["$defs"]["ChipProfile"]["description"]


def test_plain_values_have_none_for_what_is_missing():
    plain = json.loads(json.dumps(load_profile("loihi2").to_dict()))
    assert plain["energy"]["synop"]["value"] == 23.6
    assert plain["core"]["chip"]["axons_in"]["value"] is None
    assert plain["schema"] == "lava-spikyspace/hardware-profile@1"
