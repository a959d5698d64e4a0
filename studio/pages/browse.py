"""A dataset opened on the page Generate: examples, histograms, card."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from studio.browsing import charts
from studio.browsing.dataset import Browser, spread, stamp
from studio.errors import StudioError
from studio.pages import parts
from studio.pages.job_list import JobList
from studio.running.job import Order
from studio.state import Studio

COUNT = 24  # examples on a page
WIDTHS = {"small": 84, "middle": 120, "large": 190}


class Browse:
    """Nothing until a dataset is opened."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.path = ""
        self.first = 0
        self.browser: Browser | None = None
        self.box = ui.element("section").classes("work-panel")
        self.box.set_visibility(False)

    def open(self, path: str) -> None:
        """Show a dataset, or none."""
        self.path, self.first, self.browser = path, 0, None
        self.box.clear()
        self.box.set_visibility(bool(path))
        if not path:
            return
        with self.box:
            try:
                self.browser = Browser(self.studio.project.inside(path))
                self._build(self.browser)
            except StudioError as error:
                parts.Message().show(str(error))

    def reload(self) -> None:
        """Open again what may have grown."""
        if self.path:
            self.open(self.path)

    def _build(self, browser: Browser) -> None:
        with ui.element("div").classes("work-head"):
            ui.label(self.path).classes("work-title").props("role=heading aria-level=2")
            ui.space()
            with ui.tabs().props("dense no-caps inline-label") as tabs:
                ui.tab("examples", "Examples")
                ui.tab("histograms", "Histograms")
                ui.tab("card", "Card")
        with ui.tab_panels(tabs, value="examples", animated=False).classes("w-full"):
            with ui.tab_panel("examples"):
                self._examples(browser)
            with ui.tab_panel("histograms"):
                self._histograms(browser)
            with ui.tab_panel("card"):
                self._card(browser)

    # -- examples --------------------------------------------------------------------------------------------------

    def _examples(self, browser: Browser) -> None:
        if not browser.images:
            parts.nothing("This dataset holds no images.")
            return
        with ui.element("div").classes("work-buttons"):
            self.image = ui.select(browser.images, value=browser.images[0], on_change=self._show).props(
                'dense outlined options-dense aria-label="Image"'
            )
            drawn = [name for name in browser.drawn if name not in browser.images[:1]]
            self.drawn = ui.select(
                drawn, value=drawn, multiple=True, on_change=self._show, label="Drawn over it"
            ).props("dense outlined options-dense use-chips")
            self.drawn.set_visibility(bool(drawn))
            self.width = ui.toggle(list(WIDTHS), value="middle", on_change=self._resize).props("dense no-caps flat")
            ui.space()
            parts.small_button("first_page", "First examples", lambda: self._go(0))
            parts.small_button("chevron_left", "Examples before", lambda: self._go(self.first - COUNT))
            self.place = (
                ui.number(
                    value=0, min=0, max=len(browser) - 1, format="%d", on_change=lambda event: self._typed(event.value)
                )
                .props('dense outlined aria-label="First example"')
                .style("width: 92px")
            )
            ui.label(f"of {len(browser):,}").classes("work-soft")
            parts.small_button("chevron_right", "Examples after", lambda: self._go(self.first + COUNT))
            parts.small_button("last_page", "Last examples", lambda: self._go(len(browser) - COUNT))
        self.message = parts.Message()
        self.thumbs = ui.element("div").classes("work-thumbs q-mt-sm")
        self._show()

    def _typed(self, value: Any) -> None:
        if isinstance(value, int | float) and int(value) != self.first:
            self._go(int(value))

    def _go(self, first: int) -> None:
        last = max(0, len(self.browser or ()) - 1)
        self.first = max(0, min(first, last))
        self.place.set_value(self.first)
        self._show()

    def _show(self) -> None:
        browser = self.browser
        if browser is None:
            return
        try:
            shown = browser.page(self.first, COUNT, self.image.value, list(self.drawn.value or []))
        except StudioError as error:
            self.message.show(str(error))
            return
        self.message.show(None)
        self._resize()
        self.thumbs.clear()
        with self.thumbs:
            for k, picture in enumerate(shown):
                place = self.first + k
                told = f'type=button aria-label="Example {place}" data-example={place}'
                with ui.element("button").classes("work-thumb").props(told) as thumb:
                    ui.html(f"{picture}<span>{place}</span>", sanitize=False).classes("w-full")
                thumb.on("click", lambda _, place=place: self._one(place))

    def _resize(self) -> None:
        width = WIDTHS[self.width.value]
        self.thumbs.style(f"grid-template-columns: repeat(auto-fill, minmax({width}px, 1fr))")

    def _one(self, place: int) -> None:
        browser = self.browser
        if browser is None:
            return
        with ui.dialog(value=True) as dialog, ui.card().style("width: 780px; max-width: 94vw"):
            ui.label(f"Example {place} of {self.path}").classes("work-title")
            try:
                [picture] = browser.page(place, 1, self.image.value, list(self.drawn.value or []))
                with ui.element("div").style(
                    "display: grid; grid-template-columns: 440px minmax(0, 1fr); gap: 18px; width: 100%"
                ):
                    ui.html(picture, sanitize=False)
                    with ui.element("div"):
                        parts.facts(dict(browser.numbers(place)))
            except StudioError as error:
                parts.Message().show(str(error))
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)

    # -- histograms and card ---------------------------------------------------------------------------------------

    def _histograms(self, browser: Browser) -> None:
        if not browser.counted:
            parts.nothing("This dataset holds no numbers beside its images.")
            return
        message = parts.Message()
        box = ui.element("div").classes("work-histograms")

        async def fill() -> None:
            for name in browser.counted:
                try:
                    found = await parts.in_thread(spread, browser.path, stamp(browser.path), name)
                except StudioError as error:
                    message.show(str(error))
                    continue  # the others can be counted all the same
                if box.is_deleted:
                    return
                with box:
                    for one in found or ():
                        with ui.element("div"):
                            options = charts.bars(one.name, one.units, one.edges, one.counts)
                            ui.echart(options).style("height: 170px; width: 100%")

        parts.shortly(fill)

    def _card(self, browser: Browser) -> None:
        parts.facts(browser.facts)
        rows = [
            (each["name"], each["axes"], " x ".join(map(str, each["shape"])), each["dtype"], each["units"])
            for each in browser.arrays
        ]
        with ui.element("div").classes("q-my-md w-full"):
            parts.table(("array", "axes", "shape", "dtype", "units"), rows, "arrays")
        out = f"{self.path.removesuffix('.zarr')}-card.html"
        order = Order("card", f"Card {out}", ("simcore", "info", self.path, "--html", out), out)
        with ui.element("div").classes("work-buttons"):
            ui.button(
                "Write the card", icon="article", on_click=parts.guarded(self.studio, self.studio.jobs.add, order)
            ).props("outline no-caps").tooltip("One page with pictures, to pass on with the data")
            ui.button("Download it", icon="download", on_click=lambda: self._download(out)).props("flat no-caps")
        JobList(self.studio, ("card",), quiet=True)

    def _download(self, out: str) -> None:
        path = self.studio.project.inside(out)
        if not path.is_file():
            self.studio.notify(f"{out}: is not there yet; write it first", "warning")
            return
        parts.download(path)
