"""A real Chromium without a window, for the tests of pages; and why there is none, where there is none."""

import shutil
import tempfile
from contextlib import contextmanager, suppress

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
)  # fmt: skip


def missing():
    """Why no page can be opened here; empty if one can."""
    if webdriver is None:
        return "selenium is not installed: pip install selenium"
    if not _browser():
        return "no Chromium or Chrome on the PATH: on Debian, apt-get install chromium"
    if not shutil.which("chromedriver"):
        return "no chromedriver on the PATH: on Debian, apt-get install chromium-driver"
    return ""


def _browser():
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def browser():
    """A Selenium driver. It uses the driver and browser of this machine only, and a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = _browser()
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            yield driver
        finally:
            with suppress(Exception):
                driver.quit()
