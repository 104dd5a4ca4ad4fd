"""A person's browser: one window whose every state can be looked at, and whose every complaint is heard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, ViewportSize

SHOTS = Path(__file__).parents[2] / "build" / "shots"
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 375, "height": 740}
_AXE_SCRIPT = Axe().axe_script
_EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What depends on the theme and the width, and is looked at in both.
_RULES_OF_LOOKS = {"type": "rule", "values": ["color-contrast", "scrollable-region-focusable", "target-size"]}
# Two sentences without a blank between them: what a template's tags ate.
_RUN_TOGETHER = re.compile(r"[a-z]{2}\.[A-Z][a-z]+ \w+")
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
# htmx logs that a newer request took the place of one under way: of what was typed meanwhile, or of another page.
_REPLACED = ("htmx:afterRequest", "htmx:sendAbort")
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)


class Screen:
    """A window at `url` with its own cookies; `state` are the cookies of one that is signed in."""

    def __init__(self, chromium: Browser, url: str, *, javascript: bool = True, state: Any = None) -> None:
        self.javascript = javascript
        self.context = chromium.new_context(
            base_url=url,
            viewport=WIDE,
            color_scheme="light",
            reduced_motion="reduce",
            timezone_id="Europe/Berlin",
            locale="en-GB",
            java_script_enabled=javascript,
            storage_state=state,
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.complaints: list[str] = []
        self._provoked: list[tuple[int, str]] = []

    def provoke(self, status: int, path: str) -> None:
        """Let an address that ends with `path` answer with this status: Chromium logs it as an error."""
        self._provoked.append((status, path))

    def sign_in(self, name: str, password: str) -> None:
        """By the form."""
        self.page.goto("/login")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: urlsplit(url).path != "/login")

    def tab_to(self, name: str) -> None:
        """Press Tab until the focus is on what is called so; it must be seen there."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_NAME_OF_FOCUS) == name:
                outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                shadow = self.page.evaluate("getComputedStyle(document.activeElement).boxShadow")
                assert outline != "none" or shadow != "none", f"the focus on {name} isn't seen"
                return
        raise AssertionError(f"Tab doesn't come to {name!r}")

    def type_into(self, label: str, text: str) -> None:
        """By keyboard alone, into the field of this label."""
        self.tab_to(label)
        self.page.keyboard.type(text)

    def press(self, name: str, key: str = "Enter") -> None:
        """By keyboard alone, what is called so."""
        self.tab_to(name)
        self.page.keyboard.press(key)

    def stay(self) -> None:
        """Remember this very page: `stayed` tells whether it is still the same, never loaded anew."""
        self.page.evaluate("window.stayed = true")

    def stayed(self) -> bool:
        """Whether the page is the one that it was at `stay`."""
        return bool(self.page.evaluate("window.stayed === true"))

    def look(self, name: str) -> None:
        """Keep pictures of what is shown, in both widths and themes. What is wrong with it is a complaint."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        for size, themes, rules in (
            (WIDE, ("dark", "light"), _EVERY_RULE),
            (NARROW, ("light", "dark"), _RULES_OF_LOOKS),
        ):
            self.page.set_viewport_size(size)
            for theme in themes:
                self.page.emulate_media(color_scheme=theme)
                file = SHOTS / f"{name}.{size['width']}.{theme}.jpg"
                # Hiding the caret would write inline styles, which htmx would then copy against the content policy.
                self.page.screenshot(path=file, type="jpeg", quality=88, full_page=True, caret="initial")
            # Light when wide, dark when narrow.
            shown = f"{name} at {size['width']} px, {themes[-1]} ({self.page.url})"
            self.complaints += [f"{shown}: {one}" for one in self._violations(rules)]
            if (width := self.page.evaluate("document.documentElement.scrollWidth")) > size["width"]:
                self.complaints.append(f"{shown}: scrolls sideways, {width} px wide")
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="light")
        self.complaints += [f"{name}: two things have the id {one}" for one in self.page.evaluate(_IDS_OF_SEVERAL)]
        self.complaints += [f"{name}: {one}" for one in _RUN_TOGETHER.findall(self.page.inner_text("body"))]

    def check(self) -> None:
        """Fail on what `look` found and on errors in the console, such as a breach of the content policy."""
        complaints, self.complaints = self.complaints, []
        assert not complaints, "\n".join(complaints)

    def close(self) -> None:
        self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"} or message.text.startswith(_REPLACED):
            return
        address = message.location["url"]
        refused = _REFUSED.match(message.text)
        if refused and any(
            int(refused[1]) == status and urlsplit(address).path.endswith(path) for status, path in self._provoked
        ):
            return
        self.complaints.append(f"{address}: {message.text}")

    def _violations(self, rules: Any) -> list[str]:
        if self.javascript:
            return _axe(self.page, rules)
        # axe needs JavaScript: it gets the same page in a window that has it, without the page's own scripts.
        still = _SCRIPT.sub("", self.page.content())
        context = self.page.context.browser.new_context(  # type: ignore[union-attr]
            viewport=self.page.viewport_size, color_scheme=self.page.evaluate(_THEME)
        )
        page = context.new_page()
        page.route("**/*", lambda route: _stand_in(route, self.page.url, still))
        page.goto(self.page.url)
        found = _axe(page, rules)
        context.close()
        return found


_NAME_OF_FOCUS = """(() => {
  const element = document.activeElement;
  const label = element.labels?.[0]?.innerText ?? element.innerText;
  return (element.ariaLabel ?? label).replace(/optional$/, "").trim().replace(/\\s+/g, " ");
})()"""
# A label finds the first one of an id, which may be another field; axe doesn't ask.
_IDS_OF_SEVERAL = """(() => {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return ids.filter((id, at) => ids.indexOf(id) !== at);
})()"""
_THEME = "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"


def _stand_in(route: Route, address: str, html: str) -> None:
    if route.request.url == address:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    else:
        route.continue_()


def _axe(page: Page, rules: Any) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE_SCRIPT)
    options = {"resultTypes": ["violations"], "runOnly": rules}
    violations = page.evaluate("async options => (await axe.run(document, options)).violations", options)
    return [
        f"{each['id']}: {node['html'][:200]}: {node['failureSummary']}" for each in violations for node in each["nodes"]
    ]
