"""Platforms: the numbers of their sources, the form of their files, and what is refused."""

from dataclasses import replace

import pytest

from spikealg.errors import FileFormatError, InputError, InputTypeError
from spikealg.hardware import load_platform, platform, platforms
from spikealg.hardware.catalogue import as_platform
from spikealg.hardware.platform import ENERGY_TERMS
from tests.helpers import near

PUBLISHED = [
    # platform, constant, value as its source prints it
    ("loihi", "energy.synaptic", 23.6e-12),
    ("loihi", "energy.neuron_active", 81e-12),
    ("loihi", "energy.neuron_idle", 52e-12),
    ("loihi", "energy.spike", 1.7e-12),
    ("loihi", "time.synaptic", 3.5e-9),
    ("loihi", "time.neuron_active", 8.4e-9),
    ("loihi", "time.neuron_idle", 5.3e-9),
    ("loihi", "static", 0.104),
    ("loihi", "time.spike", 2.1e-9),
    ("loihi2", "time.synaptic", 3.5e-9 / 5),
    ("loihi2", "time.neuron_active", 8.4e-9 / 2),
    ("loihi2", "time.neuron_idle", 5.3e-9 / 2),
    ("loihi2", "time.spike", 2.1e-9 / 10),
    ("loihi2", "tick", 200e-9),
    ("truenorth", "energy.synaptic", 2.3e-12),
    ("truenorth", "static", 64e-3),
    ("truenorth", "tick", 1e-3),
    ("spinnaker", "energy.synaptic", 13.3e-9),
    ("spinnaker", "energy.neuron_active", 26e-9),
    ("spinnaker", "energy.neuron_idle", 26e-9),
    ("spinnaker", "tick", 1e-3),
    ("spinnaker2", "energy.synaptic", 450e-12),
    ("spinnaker2", "energy.neuron_active", 2.19e-9),
    ("odin", "energy.synaptic", 12.7e-12),
    ("seneca", "energy.synaptic", 2.8e-12),
    ("reckon", "energy.synaptic", 5.3e-12),
    ("mubrain", "energy.synaptic", 26e-12),
    ("tianjic", "energy.synaptic", 1.54e-12),
    ("brainscales2", "static", 1.0),
    ("dynapse", "energy.spike", 883e-12),
    ("dynapse", "energy.hop", 6.84e-9),
    ("cpu", "energy.synaptic", 8.6e-9),
    ("gpu", "energy.synaptic", 0.3e-9),
    ("arm", "energy.synaptic", 0.9e-9),
    ("horowitz45nm", "energy.mac_float32", 4.6e-12),
    ("horowitz45nm", "energy.add_float32", 0.9e-12),
    ("horowitz45nm", "energy.mac_int8", 0.23e-12),
    ("horowitz45nm", "energy.add_int32", 0.1e-12),
    ("crossbar", "energy.cell", 0.29e-15),
    ("crossbar", "energy.converter_step", 24e-15),
]

CONFIDENCE = {
    "H": {"truenorth", "odin", "seneca", "loihi"},
    "L": {"dynapse", "crossbar"},
}
"""Of the price that a platform is known for; all others are M."""

SIZES = [
    # platform, and limits as its source prints them
    ("loihi", {"cores_per_chip": 128, "neurons_per_core": 1024, "fan_in_axons": 4096,
               "fan_out_axons": 4096, "weight_bits": 9, "delay_max": 62, "potential_bits": 24}),
    ("loihi2", {"cores_per_chip": 128, "neurons_per_core": 8192, "delay_max": 63}),
    ("truenorth", {"cores_per_chip": 4096, "neurons_per_core": 256, "fan_in_axons": 256,
                   "axon_types": 4, "weight_bits": 9, "potential_bits": 20, "delay_max": 15}),
    ("spinnaker", {"cores_per_chip": 18, "neurons_per_core": 1000, "weight_bits": 16,
                   "delay_min": 1, "delay_max": 16}),
    ("spinnaker2", {"cores_per_chip": 152}),
    ("odin", {"neurons_per_core": 256, "synapse_bits_per_core": 65_536 * 4}),
    ("tianjic", {"cores_per_chip": 156, "neurons_per_core": 256, "fan_in": 256}),
    ("brainscales2", {"neurons_per_core": 512, "synapse_bits_per_core": 131_072 * 6,
                      "fan_in": 256}),
    ("dynapse", {"cores_per_chip": 4, "neurons_per_core": 256, "fan_in": 64}),
]  # fmt: skip

MINIMAL = """
name = "mine"
title = "Mine"
kind = "chip"
source = "a bench"
confidence = "L"

[energy]
synaptic = { value = 1e-12, unit = "J/synaptic event" }
neuron_active = "in synaptic"
neuron_idle = "none"
spike = "none"
hop = "none"
sync = "unpublished"

[time]
synaptic = "in tick"
neuron_active = "in tick"
neuron_idle = "in tick"
spike = "in tick"
hop = "in tick"
sync = "in tick"

[static]
value = 0.01

[tick]
value = 1e-6
"""


@pytest.mark.parametrize(("name", "path", "value"), PUBLISHED)
def test_constants_are_those_of_their_sources(name, path, value):
    assert platform(name).constants()[path].value == near(value)


@pytest.mark.parametrize(("name", "sizes"), SIZES)
def test_limits_are_those_of_their_sources(name, sizes):
    limits = platform(name).limits
    assert {size: getattr(limits, size) for size in sizes} == sizes


def test_confidence_is_that_of_the_sources():
    for entry in platforms():
        known = [c.confidence for c in entry.constants().values() if c.value is not None]
        stated = [word for word, names in CONFIDENCE.items() if entry.name in names] or ["M"]
        assert known[0] == stated[0], entry.name
    assert platform("loihi").static.confidence == "M"


@pytest.mark.parametrize("entry", platforms(), ids=platforms().names)
def test_every_constant_says_where_it_is_from(entry):
    for path, constant in entry.constants().items():
        assert constant.source, path
        assert constant.confidence in "HML"
        low, high = constant.range
        assert 0 <= low <= (constant.value or 0) <= high
        if constant.state == "in":
            assert constant.within in (*ENERGY_TERMS, "static", "tick")


def test_every_chip_says_that_its_surroundings_are_not_priced():
    for entry in platforms():
        if entry.kind == "chip":
            assert any(note.startswith("Input and output") for note in entry.notes), entry.name


def test_the_ranges_of_loihi_are_kept():
    loihi = platform("loihi")
    # East-west and north-south.
    assert loihi.energy["hop"].range == (3.0e-12, 4.0e-12)
    assert loihi.time["hop"].range == (4.1e-9, 6.5e-9)
    sync = loihi.time["sync"]
    assert sync.range == (113e-9, 465e-9)
    assert str(sync) == "2.89e-07 (1.13e-07–4.65e-07) s/tick"


def test_unpublished_terms_are_named():
    assert platform("loihi").unpublished == ("sync",)
    assert platform("truenorth").unpublished == ()
    assert platform("spinnaker").unpublished == ("spike", "hop", "sync", "static")
    assert platform("loihi2").unpublished == (*ENERGY_TERMS, "static")


def test_widths_of_the_chips():
    loihi, truenorth = platform("loihi"), platform("truenorth")
    assert loihi.limits.neurons_per_core * loihi.limits.cores_per_chip == 131_072
    assert loihi.limits.synapse_bits_per_core == 128 * 1024 * 8
    assert (loihi.limits.delay_max, loihi.limits.threshold_max) == (62, 131_071 * 64 + 1)
    assert truenorth.limits.neurons_per_core * truenorth.limits.cores_per_chip == 2**20
    assert "proportional" not in truenorth.features.leaks
    assert (truenorth.limits.fan_out, truenorth.limits.axon_types) == (1, 4)


def test_the_converter_dominates_an_analog_product():
    price = platform("crossbar").energy
    cell, step = price["cell"].value, price["converter_step"].value
    assert cell + step * 2**8 / 256 == near(2 / 81e12, rel=0.02)
    assert cell + step * 2**1 / 256 == near(2 / 4180e12, rel=0.02)
    assert step * 2**8 / 256 > 50 * cell


def test_platforms_show_themselves_as_a_table():
    lines = str(platforms()).splitlines()
    assert lines[0].split()[:3] == ["platform", "kind", "synaptic"]
    assert len(lines) == 1 + len(platforms()) == 18
    assert any(line.startswith("truenorth") and "in static" in line for line in lines)
    assert "Davies" in str(platform("loihi"))


def test_a_user_writes_a_platform_in_the_same_form(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL)
    mine = load_platform(path)
    assert mine.energy["synaptic"].value == 1e-12
    assert mine.energy["neuron_active"].within == "synaptic"
    assert mine.unpublished == ("sync",)
    assert mine.limits.neurons_per_core is None
    assert as_platform(mine) is mine
    assert as_platform("loihi") is platform("loihi")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mine"', "name = 3", "name must be a text, got 3"),
        ('kind = "chip"', 'kind = "toaster"', "kind must be one of 'chip'"),
        ("synaptic = { value", "synapse = { value", "energy has no entry 'synapse'"),
        ('"J/synaptic event"', '"J/spike"', "unit 'J/synaptic event', got 'J/spike'"),
        ("value = 1e-12", "value = -1.0", r"energy.synaptic.value must be a finite number"),
        ("value = 1e-12", 'value = "dear"', r"energy.synaptic.value must be a finite number"),
        ('confidence = "L"', 'confidence = "?"', r"confidence must be one of 'H', 'M', 'L'"),
        ('source = "a bench"\n', "", r"energy.synaptic.source must be a text, got None"),
        ('hop = "none"\n', "", "energy of platform 'mine' must have the terms"),
        ('"none"', '"free"', r"energy.neuron_idle.state must be one of"),
        ("value = 0.01", 'state = "value"', 'static must have a value, or be "none"'),
        ("value = 0.01", "value = 1\nhigh = 0.5", "static must lie between its low and its high"),
        ("value = 0.01", 'value = 1\nunit = "W"', "static must have the unit 'W/chip', got 'W'"),
        ("value = 1e-6", "value = 1e-6\n[limits]\nmesh = [8]", "mesh must be two whole numbers"),
        ("value = 1e-6", "value = 1e-6\n[limits]\nneurons = 8", "limits has no entry 'neurons'"),
        ("value = 1e-6", "value = 1e-6\n[features]\nfloor = 1", "floor must be true or false"),
        (
            "value = 1e-6",
            'value = 1e-6\n[features]\nleaks = ["x"]',
            "features.leaks must be one of",
        ),
        ("[static]", "[static", r"mine\.toml is not a platform"),
        ("[static]\nvalue = 0.01", "[[static]]", "static must be a table, got"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    assert old in MINIMAL
    path.write_text(MINIMAL.replace(old, new, 1))
    with pytest.raises(FileFormatError, match=message):
        load_platform(path)


def test_unknown_names_list_the_known():
    with pytest.raises(InputError, match="there is no platform 'loihy'; the platforms are: brain"):
        platform("loihy")
    with pytest.raises(InputTypeError, match="platform must be a name or a Platform, got 3"):
        as_platform(3)


def test_a_platform_cannot_be_half_priced():
    loihi = platform("loihi")
    with pytest.raises(InputError, match="energy of platform 'loihi' must have the terms"):
        replace(loihi, energy={"synaptic": loihi.energy["synaptic"]})
