"""The HTML report in a browser: by keyboard and screen reader, on a phone, in the dark."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_mlgates.cli import main
from tests.cli.test_report import STRICT
from tests.projects import BAD_DATA, write_project

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not here"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    errors = pytest.importorskip("selenium.common.exceptions")
    try:
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    except errors.WebDriverException as error:
        pytest.skip(f"the browser of this machine does not start: {error.msg}")
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_project(folder, data=BAD_DATA, configuration=STRICT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["check"]) == 1
        assert main(["report", "--html", "report.html", "--history", ".mlgates/evidence.json"]) == 0
    return folder / "report.html"


def shown(browser, page, width=1200, scheme="light"):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(page.as_uri())
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_nothing_is_wrong_for_those_who_cannot_see_it(browser, page, width, scheme):
    axe_core_python = pytest.importorskip("axe_core_python")
    (script,) = Path(axe_core_python.__file__).parent.rglob("axe*.js")
    shown(browser, page, width, scheme).execute_script(script.read_text(encoding="utf-8"))
    found = browser.execute_async_script("const done = arguments[0]; axe.run().then(done)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10  # it did look


def test_a_phone_shows_it_without_scrolling_sideways(browser, page):
    width = shown(browser, page, 390).execute_script("return document.documentElement.scrollWidth")
    assert width <= 390


def test_dark_is_dark_and_light_is_light(browser, page):
    ask = "return getComputedStyle(document.body).backgroundColor"
    dark = shown(browser, page, scheme="dark").execute_script(ask)
    light = shown(browser, page, scheme="light").execute_script(ask)
    assert light == "rgb(255, 255, 255)"
    assert max(map(int, dark.removeprefix("rgb(").rstrip(")").split(","))) < 60


def test_the_keyboard_reaches_and_opens_every_gate(browser, page):
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    shown(browser, page)
    closed = "return [...document.querySelectorAll('details')].map(one => one.open)"
    before = browser.execute_script(closed)
    assert not all(before)
    reached = 0
    for _ in range(80):
        browser.switch_to.active_element.send_keys(keys.TAB)
        tag = browser.execute_script("return document.activeElement.tagName")
        if tag != "SUMMARY":
            continue
        reached += 1
        opened = "return document.activeElement.parentElement.open"
        if not browser.execute_script(opened):
            browser.switch_to.active_element.send_keys(keys.ENTER)
            assert browser.execute_script(opened)
        if reached == len(before):
            break
    assert all(browser.execute_script(closed))


def test_it_asks_for_nothing_and_complains_of_nothing(browser, page):
    shown(browser, page)
    entries = browser.execute_script("return performance.getEntriesByType('resource').length")
    assert entries == 0
    assert browser.get_log("browser") == []
