"""Keeping what moto holds: nothing that a call acknowledged is lost when the process is killed.

Each request that changes something is written to a journal before it runs, with the time and the
seed of the randomness that it runs with. Starting again loads the last snapshot of moto's backends
and runs the requests of the journal since then, which ends in the same ids and times.

    moto_state.py    restores, gives turns, takes snapshots: what the rest of the embedded AWS calls
    turn.py          the turn of one changing request: `is_replaying`, `now`, `new_uuid`
    changes.py       which requests change something, and how they are written down
    folder.py        which files belong together
    journal.py       a file of authenticated records that only grows
    snapshot.py      one authenticated file; bodies.py beside it: what S3's objects hold
    files.py         new files that only their owner may read
    backends.py      moto's backends as bytes, and back
    reducers.py      how to pickle what cannot by itself
    determinism.py   has moto ask the present turn for time and randomness
    long_polling.py  SQS consumers that wait keep nobody from their turn
    posting.py       SNS's posts to HTTP endpoints neither
    set_aside.py     what cannot be read is moved aside, never deleted

It guards against the death of the process, not of the machine's power: nothing is synced to disk.
"""

from helpers.local_aws.keeping.turn import is_replaying, new_uuid, now

__all__ = ["is_replaying", "new_uuid", "now"]
