"""The file of our own services: what is flushed survives, what cannot be read is moved aside."""

import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from helpers.errors import WorkshopError
from helpers.local_aws.database import FILE, LONGEST_WAIT, MOST_WAITING, VERSION, Database


def put(connection, words):
    connection.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])


def opened(path):
    database = Database(path)
    database.add_tables("CREATE TABLE IF NOT EXISTS words (word TEXT)")
    return database


def words(database):
    return [word for (word,) in database.read("SELECT word FROM words ORDER BY rowid")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "aws" / FILE


@pytest.fixture
def filled(path):
    database = opened(path)
    for number in range(2000):
        database.write(put, f"word {number}")
    database.close()
    return path


KILLED = """
import os, pathlib, sys
from helpers.local_aws.database import Database
def put(connection, words):
    connection.executemany("INSERT INTO words VALUES (?)", [(word,) for word in words])
database = Database(pathlib.Path(sys.argv[1]))
database.add_tables("CREATE TABLE IF NOT EXISTS words (word TEXT)")
database.write(put, "flushed")
database.flush()
database.write(put, "not yet")
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_was_flushed_survives_the_death_of_the_process(path):
    subprocess.run([sys.executable, "-c", KILLED, str(path)], timeout=60)
    assert words(opened(path)) == ["flushed"]


def test_what_is_on_disk_is_a_prefix_of_what_was_written(path):
    database = opened(path)

    def refuse(connection, items):
        raise sqlite3.OperationalError("disk is full")

    database.write(put, "first")
    database.flush()
    database.write(put, "second")
    database.write(refuse, None)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        database.flush()
    assert words(database) == ["first"]
    assert [item for _, item in database._waiting] == ["second", None]


def test_what_nobody_waits_for_is_written_soon(path):
    database = opened(path)
    database.write(put, "a word")
    assert words(database) == []
    time.sleep(LONGEST_WAIT + 0.3)
    assert words(database) == ["a word"]


def test_no_more_than_so_many_writes_wait_in_memory(path):
    database = opened(path)
    for number in range(MOST_WAITING + 1):
        database.write(put, str(number))
    assert len(database._waiting) <= MOST_WAITING
    assert words(database)


def test_closing_flushes_and_leaves_one_file(path):
    database = opened(path)
    database.write(put, "a word")
    database.close()
    database.write(put, "too late")
    database.flush()
    assert [file.name for file in path.parent.iterdir()] == [FILE]
    assert words(opened(path)) == ["a word"]


def test_clearing_leaves_nothing_of_the_words_in_the_files(path):
    database = opened(path)
    for number in range(3000):
        database.write(put, f"secret {number}")
    database.flush()
    assert contents(path).count(b"secret") > 1000
    database.write(put, "secret that waits")
    database.clear()
    assert b"secret" not in contents(path)
    database.write(put, "another")
    database.flush()
    assert words(database) == ["another"]


def test_what_is_erased_is_nowhere_in_the_files(path):
    database = opened(path)
    for word in ("secret one", "kept", "secret two"):
        database.write(put, word)
    database.erase(("DELETE FROM words WHERE word LIKE ?", ("secret%",)))
    assert words(database) == ["kept"]
    assert b"secret" not in contents(path)
    assert b"kept" in contents(path)


def contents(path):
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def truncate(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwrite_the_middle(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(b"\xff" * 9000)


def write_garbage(path):
    path.write_bytes(b"This is no database. " * 500)


def put_a_foreign_one(path):
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()


def make_it_newer(path):
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    newer.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (truncate, "is damaged"),
        (overwrite_the_middle, "is damaged"),
        (write_garbage, "is damaged: file is not a database"),
        (put_a_foreign_one, "is not a file of this workshop"),
        (make_it_newer, "was written by a newer version of this workshop"),
    ],
)
def test_what_cannot_be_read_is_moved_aside_with_one_sentence(filled, spoil, why, caplog):
    spoil(filled)
    spoilt = filled.read_bytes()
    database = opened(filled)
    assert words(database) == []
    assert f"What the embedded AWS had kept {why}" in database.notice
    assert str(filled) in database.notice
    assert "\n" not in database.notice
    assert database.notice in caplog.text
    (aside,) = [file for file in filled.parent.iterdir() if ".aside-" in file.name]
    assert aside.read_bytes() == spoilt
    assert aside.name in database.notice


def test_two_that_are_moved_aside_in_one_second_stand_beside_each_other(filled):
    for _ in range(2):
        write_garbage(filled)
        opened(filled).close()
    assert len(list(filled.parent.glob("state.aside-*.sqlite"))) == 2


def test_an_unwritten_rest_of_the_log_is_no_damage(path):
    database = opened(path)
    database.write(put, "first")
    database.flush()
    copy = path.parent.parent / "copy" / FILE
    shutil.copytree(path.parent, copy.parent)
    with copy.with_name(FILE + "-wal").open("ab") as log:
        log.write(b"\x00\x01" * 3000)  # a transaction that the process did not live to finish
    again = opened(copy)
    assert (again.notice, words(again)) == ("", ["first"])


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path):
    (tmp_path / "aws").write_text("a file, where the folder should be")
    with pytest.raises(WorkshopError, match="cannot be opened .* make the folder writable"):
        Database(tmp_path / "aws" / FILE)


def test_what_no_answer_tells_of_is_left_until_the_next_flush(path):
    database = opened(path)
    database.write(put, "an event", is_shown=False)
    database.flush_shown()
    assert words(database) == []
    database.write(put, "an execution")
    database.flush_shown()
    assert words(database) == ["an event", "an execution"]
