"""A headless Chromium of the system for one page on disk, with all that it logs and fetches."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
)
_FETCHED_SCHEMES = ("http:", "https:", "ws:", "wss:", "ftp:")


class Browser:
    """A driven browser.

    Parameters
    ----------
    driver : selenium.webdriver.Chrome
        The connection.
    """

    def __init__(self, driver) -> None:
        self.driver = driver
        self._events: list[dict] = []

    def open(self, page: Path) -> None:
        """Open a file and wait until its scripts have run."""
        from selenium.webdriver.support.ui import WebDriverWait

        self.driver.get(page.resolve().as_uri())
        WebDriverWait(self.driver, 60).until(
            lambda driver: driver.execute_script("return document.documentElement.dataset.ready")
        )
        self.js("return new Promise(done => setTimeout(done, 250))")

    def js(self, code: str, *arguments):
        """Return what a piece of JavaScript returns."""
        return self.driver.execute_script(code, *arguments)

    def resize(self, width: int, height: int) -> None:
        """Give the page a width and a height in CSS pixels."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        self.js("return new Promise(done => setTimeout(done, 250))")

    def prefer(self, scheme: str) -> None:
        """Let the system prefer light or dark."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.js("return new Promise(done => setTimeout(done, 250))")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, on whatever has the focus."""
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.driver)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def screenshot(self, path: Path, *, whole: bool = True) -> Path:
        """Save a picture of the page."""
        import base64

        path.parent.mkdir(parents=True, exist_ok=True)
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": whole, "format": "png"}
        )
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def pdf(self, path: Path) -> Path:
        """Print the page."""
        import base64

        path.parent.mkdir(parents=True, exist_ok=True)
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
        path.write_bytes(base64.b64decode(printed["data"]))
        return path

    def complaints(self) -> list[str]:
        """Return what the page has logged on the console so far, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def fetched(self) -> list[str]:
        """Return the addresses that the page has asked for, beside itself and inline data."""
        for entry in self.driver.get_log("performance"):
            self._events.append(json.loads(entry["message"])["message"])
        asked = [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]
        asked += [
            event["params"]["url"]
            for event in self._events
            if event["method"] == "Network.webSocketCreated"
        ]
        return [address for address in asked if address.startswith(_FETCHED_SCHEMES)]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a Chromium with an empty profile; skip the test where there is none.

    Parameters
    ----------
    profile : Path
        Folder for its profile.
    """
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no Chromium here: `apt-get install chromium chromium-driver`")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Browser(running)
    finally:
        running.quit()
