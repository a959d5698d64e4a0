"""The page, the command line and what evaluations refuse: text for whoever reads it, one line for what is wrong."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from fakes import fake_run, identity
from scenes import MASK, POINTS, dense, scenes
from test_dtmodels_cli import call
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import ConfigurationError, DatasetError

pytestmark = pytest.mark.usefixtures("no_figures")


class Parsed(HTMLParser):
    """Tags of a page, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_stands_alone(particles, tmp_path, drawn):
    page = tmp_path / "elsewhere" / "page.html"
    report = dm.evaluate(*particles, ["brightness"], judging={"threshold": 0.05}, directory=tmp_path / "r", html=page)
    text = page.read_text()
    assert text == report.page.read_text()
    parsed = Parsed(text)
    assert parsed.open == []
    assert parsed.links and all(link.startswith("data:image/png;base64,") for link in parsed.links)
    assert "script" not in parsed.tags
    assert "prefers-color-scheme: dark" in text
    assert "bootstrap" in text and "F1 score" in text


def test_hostile_names_are_text(tmp_path, drawn):
    """A folder that is named like a script, and one like mathematics, appear as what they are."""
    name = "<script>alert(1)</script>$_{x"
    arrays = {key: scenes(6)[key] for key in ("image", "mask", "position")}
    data = write_dataset(tmp_path / "<b>test&.zarr", arrays, seed="5", attributes={"mask": MASK, "position": POINTS})
    run = fake_run(tmp_path / name.replace("/", "_"), identity(), field=MASK)
    report = dm.compare([run, run], data, judging={"threshold": 0.05}, directory=tmp_path / "report")
    text = report.page.read_text()
    assert "<script>" not in text and "<b>" not in text
    assert "&lt;script&gt;alert(1)" in text and "&lt;b&gt;test&amp;.zarr" in text
    assert Parsed(text).open == []
    assert len(set(report.numbers["contenders"])) == 2


def test_the_command_line(run, datasets, particles, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert (
        call(
            "evaluate",
            run.directory,
            "--data",
            datasets[1],
            "--versus",
            "snr,y",
            "--html",
            page,
            "--out",
            tmp_path / "a",
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert re.search(r"network +mean_error 0\.\d+ \[0\.\d+, 0\.\d+\]", printed)
    assert page.is_file()
    arguments = (
        "compare",
        run.directory,
        "radial_center",
        "gaussian_fit",
        "--data",
        datasets[1],
        "--out",
        tmp_path / "b",
    )
    assert call(*arguments) == 0
    assert "gaussian_fit" in capsys.readouterr().out
    options = (
        "--judging",
        "threshold=0.05",
        "--judging",
        "match_radius=2",
        "--where",
        "particle_snr > 5",
        "--out",
        tmp_path / "c",
    )
    assert call("evaluate", particles[0], "--data", particles[1], *options, "--out", tmp_path / "c") == 0
    assert "f1 1 [1, 1]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--versus", "zz"), "versus: no property 'zz'; there are brightness, particle_snr, neighbor_distance"),
        (
            ("--versus", "mask"),
            "versus: mask has (40, 44, 1) values per example; versus takes one; there are brightness",
        ),
        (("--where", "zz > 1"), "where: no property 'zz'; there are brightness, particle_snr, neighbor_distance"),
        (("--where", "import os"), "where: 'import os'; cannot be read"),
        (("--where", "brightness"), "where: 'brightness'; is a number, must be true or false"),
        (("--where", "particle_snr > 99"), "no particle within the images for which particle_snr > 99 holds"),
        (("--judging", "threshold"), "--judging 'threshold'; must be name=value"),
        (("--judging", "treshold=1"), "evaluate: treshold: unknown key; known: output, threshold"),
        (("--judging", "match_radius=0"), "evaluate: match_radius: '0'"),
        (("--judging", "positions=points"), "positions: no array 'points'; there are image, mask, position"),
        (("--judging", "output=numbers"), "output: 'numbers'; a network that gives (None, None, 1) per image"),
    ],
)
def test_wrong_arguments_are_one_line(particles, capsys, arguments, message):
    assert call("evaluate", particles[0], "--data", particles[1], *arguments) == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert message in line


def test_contenders_that_cannot_be(run, datasets, particles, capsys):
    assert call("compare", "radial_center", "--data", datasets[1]) == 1
    assert "compare: needs a run among the contenders" in capsys.readouterr().err
    assert call("compare", run.directory, "magic", "--data", datasets[1]) == 1
    assert "magic: no run here" in capsys.readouterr().err
    with pytest.raises(ConfigurationError, match="gaussian_fit: cannot answer what the network does"):
        dm.compare([particles[0], "gaussian_fit"], particles[1])
    with pytest.raises(ConfigurationError, match="trackpy.mass: unknown; takes diameter"):
        dm.compare([run, {"trackpy": {"mass": 3}}], datasets[1])
    with pytest.raises(ConfigurationError, match="takes or gives other arrays"):
        dm.compare([run, particles[0]], datasets[1])


def test_no_positions_to_compare_with(tmp_path):
    arrays = {key: scenes(6)[key] for key in ("image", "mask")}
    data = write_dataset(tmp_path / "test.zarr", arrays, seed="5", attributes={"mask": MASK})
    run = fake_run(tmp_path / "run", identity(), field=MASK)
    assert dm.evaluate(run, data).numbers["task"] == "masks"
    with pytest.raises(DatasetError, match="holds no positions of particles to compare with"):
        dm.evaluate(run, data, judging={"output": "particles"})


@pytest.mark.parametrize("kind", ["shape", "channels", "nan", "empty run", "no dataset", "other target"])
def test_broken_inputs_are_one_line(particles, tmp_path, capsys, kind):
    arrays = {key: scenes(6)[key] for key in ("image", "mask", "position")}
    run, message = particles[0], ""
    if kind == "shape":
        run = fake_run(tmp_path / "run", dense(5), field=MASK)
        message = "inputs (40, 44, 1), targets (40, 44, 1); the network takes (4, 4, 1), gives (5,)"
    elif kind == "channels":
        arrays["image"] = np.repeat(arrays["image"], 2, axis=-1)
        message = "inputs (40, 44, 2), targets (40, 44, 1); the network takes (None, None, 1)"
    elif kind == "nan":
        arrays["image"][3, 5, 5] = np.nan
        message = "image of example 3 is not finite (1 of 6 such)"
    elif kind == "empty run":
        run = tmp_path / "run"
        run.mkdir()
        (run / "run.json").write_text((particles[0] / "run.json").read_text())
        message = "run: holds no model.keras"
    elif kind == "other target":
        del arrays["mask"]
        message = "holds no array 'mask', but image, position"
    data = write_dataset(tmp_path / "test.zarr", arrays, seed="5", attributes={"mask": MASK, "position": POINTS})
    if kind == "no dataset":
        data, message = tmp_path / "nothing.zarr", "nothing.zarr: no dataset here"
    assert call("evaluate", run, "--data", data) == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert message in line
