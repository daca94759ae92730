"""labels.csv: what is read, and what is refused with its line."""

import pytest

from tf_dsae.core.errors import UserError
from tf_dsae.data import factor_labels
from tf_dsae.data.folder import labels
from tf_dsae.data.folder.video_files import Source

NAMES = ("a.gif", "b c/d.mp4", "e.npz[0]", "käse")
GOOD = ["file,action,who", "a.gif,walk,10", "b c/d.mp4, run ,9", 'e.npz[0],"walk, fast",9']
GOOD = [*GOOD, "käse,run,10"]


def sources(tmp_path, *damaged):
    kinds = [(name, "gif") for name in NAMES] + [(name, "damaged") for name in damaged]
    return [Source(name, kind, tmp_path / name) for name, kind in kinds]


def read(tmp_path, lines, *damaged, encoding="utf-8"):
    (tmp_path / "labels.csv").write_bytes("\n".join(lines).encode(encoding))
    return labels.read_labels(tmp_path, sources(tmp_path, *damaged))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_labels(tmp_path, encoding):
    got = read(tmp_path, [*GOOD, ""], encoding=encoding)
    assert got.classes == {"action": ("run", "walk", "walk, fast"), "who": ("9", "10")}
    assert dict(got.numbers) == {
        "a.gif": {"action": 1, "who": 1},
        "b c/d.mp4": {"action": 0, "who": 0},
        "e.npz[0]": {"action": 2, "who": 0},
        "käse": {"action": 0, "who": 1},
    }


def test_no_labels(tmp_path):
    got = labels.read_labels(tmp_path, sources(tmp_path))
    assert got.classes == {} and dict(got.numbers) == dict.fromkeys(NAMES, {})


def test_ways_to_write_a_name(tmp_path):
    lines = [GOOD[0], "./a.gif,x,y", "b c\\d.mp4,x,y", "e.npz[0],x,y", "ka\u0308se,x,y"]
    assert read(tmp_path, lines).classes == {"action": ("x",), "who": ("y",)}


def test_names_that_look_the_same(tmp_path):
    (tmp_path / "labels.csv").write_text("\n".join(GOOD))
    with pytest.raises(UserError, match="how an accent is stored"):
        labels.read_labels(tmp_path, [*sources(tmp_path), Source("ka\u0308se", "gif", tmp_path)])


def test_rows_of_a_damaged_array_are_not_looked_at(tmp_path):
    got = read(tmp_path, [*GOOD, "bad.npz[0],x,y", "bad.npz:k[7],x,y"], "bad.npz")
    assert set(got.numbers) == set(NAMES)
    assert "x" not in got.classes["action"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "a header file,<factor>,..., received an empty file"),
        (["name,action"], "the header file,<factor>,..., received 'name,action'"),
        (["file"], "the header"),
        (["file,file"], "received 'file'; rename"),
        (["file,Video"], "received 'Video'"),
        (["file,2nd"], "received '2nd'"),
        (["file,../a"], "received '../a'"),
        (["file,"], "received ''"),
        (["file,ä"], "received 'ä'"),
        (["file," + "a" * 61], "up to 59 letters"),
        (["file,a,A"], "different names"),
        (["file," + ",".join(f"a{i}" for i in range(65))], "at most 64 factors, received 65"),
        (GOOD[:4], "each of 4 videos, received none for 1, the first käse; add it"),
        (GOOD[:1], "received none for 4, the first a.gif; add them"),
        ([*GOOD, "f.gif,x,y"], "the unknown file 'f.gif' in line 6"),
        ([*GOOD, "a.gif,x,y"], "a second row for 'a.gif' in line 6"),
        ([*GOOD[:2], "b c/d.mp4,x"], "3 cells in line 3, received 2"),
        ([*GOOD[:2], "b c/d.mp4,x,y,z"], "3 cells in line 3, received 4"),
        ([GOOD[0], "a.gif,,y"], "for action in line 2, received ''"),
        ([GOOD[0], 'a.gif,"x\ny",y'], "for action in line 3, received"),
        ([GOOD[0], f"a.gif,{'x' * 201},y"], "1 to 200 printable"),
        ([GOOD[0], 'a.gif,"x,y'], "comma-separated UTF-8 text"),
    ],
)
def test_refused(tmp_path, lines, words):
    with pytest.raises(UserError) as caught:
        read(tmp_path, lines)
    assert str(caught.value).startswith("labels.csv: expected") and words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="UTF-8"):
        read(tmp_path, GOOD, encoding="latin-1")
    with pytest.raises(UserError, match="UTF-8"):
        read(tmp_path, GOOD, encoding="utf-16")
    monkeypatch.setattr(factor_labels, "MAX_CLASSES", 2)
    with pytest.raises(UserError, match="at most 2 classes of action, received 3"):
        read(tmp_path, GOOD)
    monkeypatch.setattr(labels, "MAX_BYTES", 20)
    with pytest.raises(UserError, match="more than 0.0 MB"):
        read(tmp_path, GOOD)


def test_a_folder_or_a_link_that_leaves(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret").write_text("\n".join(GOOD))
    (inner / "labels.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="replace it by a copy"):
        labels.read_labels(inner, sources(inner))
    (inner / "labels.csv").unlink()
    (inner / "labels.csv").mkdir()
    with pytest.raises(UserError, match="received a folder"):
        labels.read_labels(inner, sources(inner))


def test_dynamic_factors(tmp_path):
    got = read(tmp_path, GOOD)
    assert labels.dynamic_factors(("action", "motion"), got) == ("action",)
    assert labels.dynamic_factors(("who",), got) == ("who",)
    assert labels.dynamic_factors((), got) == ()
    with pytest.raises(UserError, match="labels.csv, action, who, received acton; correct"):
        labels.dynamic_factors(("who", "acton"), got)


def test_dynamic_factors_without_labels(tmp_path):
    got = labels.read_labels(tmp_path, sources(tmp_path))
    assert labels.dynamic_factors(("action", "motion"), got) == ()
    with pytest.raises(UserError, match="labels.csv, of which there is none, received who; "):
        labels.dynamic_factors(("who",), got)
