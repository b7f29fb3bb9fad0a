"""The page in a headless Chromium: it draws, it listens, it fetches nothing."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

PLOTS = ("forecast", "raster", "rates", "channel", "payload", "element", "over", "cost", "energy")
SCREENSHOTS = Path(
    os.environ.get("LSS_SCREENSHOTS", Path(__file__).parents[3] / "build/screenshots")
)


@pytest.fixture(scope="module")
def opened(browser, pages):
    """Open the page of one run; that takes longer than most of what is tested on it."""
    browser.resize(1280, 900)
    browser.complaints()
    browser.open(pages[0])
    return browser


@pytest.fixture
def page(opened):
    """Return the opened page in a wide window and in light."""
    opened.resize(1280, 900)
    opened.prefer("light")
    opened.js(
        "while (document.documentElement.dataset.choice !== 'auto')"
        " document.getElementById('theme').click()"
    )
    return opened


def points(page, plot):
    """Return how many curves, bars and cells a plot has really drawn."""
    return page.js(
        "const place = document.getElementById(arguments[0]);"
        "return place.querySelectorAll('.main-svg .trace path, .main-svg .points path,"
        " .heatmaplayer image, .main-svg .js-line').length",
        plot,
    )


def test_it_draws_everything_without_a_complaint_or_a_request(page):
    for plot in PLOTS:
        assert points(page, f"{plot}-0") > 0, plot
    assert page.js("return document.querySelectorAll('#cores-0 .heatmaplayer image').length") == 2
    assert page.complaints() == []
    assert page.fetched() == []


def test_names_from_the_data_are_only_names(page):
    assert page.js("return window.hacked") is None
    shown = page.js("return [...document.getElementById('variate-0').options].map(o => o.text)")
    from tests.profiling.report.conftest import HOSTILE

    assert [" ".join(text.split()) for text in shown] == [" ".join(n.split()) for n in HOSTILE]


def drawn_series(page):
    return page.js("return document.getElementById('forecast-0').data.map(t => t.y.join())")


def change(page, control, value):
    page.js(
        "const c = document.getElementById(arguments[0]); c.value = arguments[1];"
        "c.dispatchEvent(new Event('change'))",
        control,
        value,
    )


def test_the_variate_switch_shows_another_series(page, runs):
    import lava_spikyspace as lss

    result = lss.RunResult.load(runs.graded)
    first = drawn_series(page)
    change(page, "variate-0", "2")
    second = drawn_series(page)
    assert first != second
    truth = [float(value) for value in second[0].split(",")][: len(result.series.values)]
    assert truth == pytest.approx(result.series.values[:, 2].tolist(), rel=1e-6)
    forecasts = [float(value) for value in second[1].split(",")]
    assert forecasts == pytest.approx(result.forecasts[:, 0, 2].tolist(), rel=1e-6)
    title = page.js("return document.querySelector('#forecast-0 .ytitle').textContent")
    assert "onmouseover" in title


def test_the_raster_shows_the_recorded_codes(page, runs):
    import numpy as np

    import lava_spikyspace as lss

    result = lss.RunResult.load(runs.graded)
    name = "blocks.0.scan.output"
    options = page.js(
        "return [...document.getElementById('raster-layer-0').options].map(o => o.text)"
    )
    change(page, "raster-layer-0", str(options.index(name)))
    change(page, "raster-window-0", "3")
    shown = page.js("return document.getElementById('raster-0').data[0].z")
    np.testing.assert_array_equal(np.array(shown).T, result.records["blocks.0.scan"][3])
    ticks = page.js(
        "return [...document.querySelectorAll('#raster-0 .ytick text, #channel-0 .xtick text')]"
        ".map(e => e.textContent)"
    )
    assert ticks
    assert all(tick.isdigit() for tick in ticks)


def test_tables_hold_what_the_plots_show(page):
    page.js("document.getElementById('forecast-table-0').open = true")
    page.js("return new Promise(done => setTimeout(done, 200))")
    head = page.js(
        "return [...document.querySelectorAll('#forecast-table-0 th[scope=col]')]"
        ".map(c => c.textContent)"
    )
    assert head == ["row", "actual", "+1", "+2", "+3"]
    rows = page.js("return document.querySelectorAll('#forecast-table-0 tbody tr').length")
    assert rows == 20 + 8 + 3 - 1


def test_everything_is_reached_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    page.js("document.querySelector('.skip').focus()")
    reached = []
    for _ in range(60):
        page.press(Keys.TAB)
        reached.append(
            page.js(
                "const e = document.activeElement;"
                "return e.id || e.getAttribute('href') || e.tagName.toLowerCase()"
            )
        )
    for control in ("theme", "variate-0", "forecast-view-0", "raster-layer-0", "process-0"):
        assert control in reached
    assert reached.count("summary") >= 5
    page.js("document.getElementById('variate-0').focus()")
    before = drawn_series(page)
    page.press(Keys.ARROW_DOWN)
    assert drawn_series(page) != before
    page.js("document.getElementById('theme').focus()")
    page.press(Keys.ENTER, Keys.ENTER)
    assert page.js("return document.documentElement.dataset.theme") == "dark"


def test_controls_and_plots_have_names_for_screen_readers(page):
    nameless = page.js(
        "return [...document.querySelectorAll('select, button')]"
        ".filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label'))"
        ".map(e => e.id)"
    )
    assert nameless == []
    plots = page.js(
        "return [...document.querySelectorAll('.plot')].filter(e => e.offsetParent !== null)"
        ".map(e => [e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert len(plots) >= len(PLOTS)
    for role, label in plots:
        assert role == "img"
        assert label
    levels = page.js(
        "return [...document.querySelectorAll('h1, h2, h3')].filter(e => e.offsetParent !== null)"
        ".map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def luminance(colour):
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_system_and_stays_readable(page, scheme):
    page.prefer(scheme)
    assert page.js("return document.documentElement.dataset.theme") == scheme
    pairs = page.js(
        "const card = getComputedStyle(document.querySelector('.card')).backgroundColor;"
        "return [...document.querySelectorAll('.card h2, .card .lead, .card td, .card summary,"
        " figcaption, .facts dt')].map(e => [getComputedStyle(e).color, card])"
    )
    for ink, paper in {tuple(pair) for pair in pairs}:
        light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_window_needs_no_scrolling_sideways(page, width):
    page.resize(width, 800)
    assert page.js("return document.documentElement.scrollWidth") <= width
    too_wide = page.js(
        "return [...document.querySelectorAll('.plot .main-svg')].filter("
        "e => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert too_wide == 0


def test_two_runs_and_the_switch_between_them(browser, pages):
    browser.resize(1280, 900)
    browser.complaints()
    browser.open(pages[1])
    shown = "return [...document.querySelectorAll('.run')].map(e => !e.hidden)"
    assert browser.js(shown) == [True, False]
    change(browser, "run-choice", "1")
    assert browser.js(shown) == [False, True]
    for plot in PLOTS:
        assert points(browser, f"{plot}-1") > 0, plot
    steps = browser.js("return document.getElementById('raster-1').data[0].z[0].length")
    assert steps == 8 * 3  # each element has three time steps in unary coding
    assert browser.complaints() == []
    assert browser.fetched() == []


@pytest.mark.slow
def test_screenshots_to_look_at(browser, pages):
    """Pictures of the page for people; `make test-slow` says where they are."""
    for name, page in zip(("one", "two"), pages, strict=True):
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
            browser.prefer(scheme)
            browser.resize(width, 900)
            browser.open(page)
            kind = "narrow" if width < 600 else scheme
            path = browser.screenshot(SCREENSHOTS / f"report-{name}-{kind}.png")
            assert path.stat().st_size > 50_000
        browser.resize(1280, 900)
        assert browser.pdf(SCREENSHOTS / f"report-{name}-print.pdf").stat().st_size > 50_000
    assert browser.complaints() == []
