"""Files are swapped whole."""

from __future__ import annotations

import os
import stat

import pytest

from keyturn.writing import swap


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_its_owner_alone(tmp_path):
    swap(tmp_path / "new", b"a")
    swap(tmp_path / "shared", b"a", mode=0o640)
    assert (mode(tmp_path / "new"), mode(tmp_path / "shared")) == (0o600, 0o640)


def test_one_that_is_there_keeps_its_mode_and_a_link_stays_one(tmp_path):
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_text("before")
    path.chmod(0o644)
    link.symlink_to(path)
    swap(link, b"after", mode=0o600)
    assert (path.read_text(), mode(path), link.is_symlink()) == ("after", 0o644, True)


def test_owner_and_group_are_kept_each_as_far_as_the_process_may(tmp_path, monkeypatch):
    path, kept = tmp_path / "file", []

    def chown(_path, owner, group):
        if owner != -1:
            raise PermissionError
        kept.append(group)

    path.write_text("before")
    monkeypatch.setattr(os, "chown", chown)
    swap(path, b"after")
    assert (path.read_text(), kept) == ("after", [path.stat().st_gid])


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_root_keeps_the_owner(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")
    os.chown(path, 1234, 2345)
    swap(path, b"after")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_who_has_it_open_reads_what_was_there_before(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")
    with path.open() as reader:
        swap(path, b"after")
        assert reader.read() == "before"


def test_a_failure_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("before")

    def fail(_number):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        swap(path, b"after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told_with_the_files_own_name(tmp_path):
    path = tmp_path / "nowhere" / "app.env"
    with pytest.raises(FileNotFoundError) as raised:
        swap(path, b"a")
    assert str(raised.value) == f"[Errno 2] its folder isn't there: '{path}'"
