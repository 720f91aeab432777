import os

import pytest

from helpers.local_aws.keeping import journal, snapshot
from helpers.local_aws.keeping.bodies import Bodies
from helpers.local_aws.keeping.journal import Journal, check, records
from helpers.local_aws.keeping.set_aside import Unreadable

SECRET = b"of this folder"
WRITTEN = [b"first", b"", b"third" * 1000]


@pytest.fixture
def path(tmp_path):
    made = Journal(tmp_path / "journal-0", SECRET, "journal-0")
    for record in WRITTEN:
        made.append(record)
    made.close()
    return tmp_path / "journal-0"


def read(path, secret=SECRET, name="journal-0"):
    return list(records(path, check(path, secret, name)))


def test_records_come_back_in_their_order(path):
    assert read(path) == WRITTEN


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_only_the_owner_may_read_it(path):
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_last_record_cut_short_anywhere_is_dropped(path):
    whole = path.read_bytes()
    last = len(whole) - len(WRITTEN[-1]) - 40
    for length in [*range(last, last + 50), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert read(path) == WRITTEN[:-1], length


def test_a_journal_cut_short_in_its_first_bytes_is_empty(path):
    for length in range(8):
        path.write_bytes(path.read_bytes()[:length])
        assert read(path) == []
        path.write_bytes(b"AWSJRNL1")


def test_writing_goes_on_behind_a_record_that_was_cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])
    again = Journal(path, SECRET, "journal-0", check(path, SECRET, "journal-0"))
    again.append(b"fourth")
    again.close()
    assert read(path) == [*WRITTEN[:-1], b"fourth"]


def test_a_changed_byte_anywhere_is_found(path):
    whole = path.read_bytes()
    for place in [*range(200), len(whole) - 1]:
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(Unreadable):
            read(path)


def test_records_in_another_order_are_found(path):
    other = path.with_name("other")
    made = Journal(other, SECRET, "journal-0")
    made.append(b"12345")
    made.append(b"67890")
    made.close()
    content = other.read_bytes()
    size = 40 + 5
    other.write_bytes(content[:8] + content[8 + size :] + content[8 : 8 + size])
    with pytest.raises(Unreadable):
        read(other)


def test_a_journal_of_another_folder_or_under_another_name_is_refused(path):
    with pytest.raises(Unreadable, match="belongs to another folder"):
        read(path, secret=b"of another")
    with pytest.raises(Unreadable):
        read(path, name="journal-1")


def test_what_could_not_be_written_leaves_no_trace(path, monkeypatch):
    again = Journal(path, SECRET, "journal-0", check(path, SECRET, "journal-0"))
    written = os.write

    def full(file, content):
        if len(content) > 100:
            return written(file, content[:50])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            again.append(b"x" * 100)
    again.append(b"fourth")
    again.close()
    assert read(path) == [*WRITTEN, b"fourth"]


def test_a_snapshot_comes_back_and_a_changed_one_is_refused(tmp_path):
    path = tmp_path / "snapshot"
    snapshot.write(path, SECRET, {"generation": 3}, b"content")
    assert snapshot.read(path, SECRET) == ({"generation": 3}, b"content")
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(Unreadable):
            snapshot.read(path, SECRET)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(Unreadable):
            snapshot.read(path, SECRET)


def test_bodies_are_written_once_and_proven_when_read(tmp_path):
    bodies = Bodies(tmp_path / "bodies")
    token, other = bodies.add(b"photo"), bodies.add(b"gone")
    hashes = bodies.write({token, other})
    again = Bodies(tmp_path / "bodies", hashes)
    assert again.read(token) == b"photo"
    bodies.drop_all_but({token})
    with pytest.raises(Unreadable, match="missing"):
        again.read(other)
    (tmp_path / "bodies" / token).write_bytes(b"other")
    with pytest.raises(Unreadable, match="changed"):
        again.read(token)
