"""An embedded AWS in this process that can be forgotten as if it had been killed."""

import pytest

from helpers.local_aws import server as servers
from helpers.local_aws.front import Front
from helpers.local_aws.keeping import moto_state


class Embedded:
    """One home, and the embedded AWS that serves it now."""

    def __init__(self, home):
        self.home = home
        self.folder = home / "aws" / "moto"
        self.server = servers.identity(home, "http://127.0.0.1:1")
        self.front = None
        self.notice = ""
        self.start()

    def start(self):
        self.front = Front(self.server, self.home, stop=lambda: None)
        self.notice = self.front.restore()

    def client(self, service):
        return self.front.clients(service)

    def kill(self):
        """Forget all that is in memory, and start again with what the folder has."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        self.front.scheduler.close()
        self.front.buses.targets.close()
        self.front.database.close()
        self.front.moto._state._closed = True  # its threads write no more
        self.front.moto._state._changed.set()
        BackendDict.reset()
        reset_model_data()
        self.start()

    def save(self):
        self.front.moto._state.save()


@pytest.fixture
def embedded(tmp_path, monkeypatch):
    for least in ("WORTH_IT", "TOO_LONG"):  # snapshots are taken when a test says so
        monkeypatch.setattr(moto_state, least, 1e9)
    made = Embedded(tmp_path)
    made.front.reset()  # what other tests have left in moto, which is one for the whole process
    yield made
    made.front.reset()
    made.front.close()


@pytest.fixture(params=["journal", "snapshot"])
def restart(request, embedded):
    """Return a function that restarts from the journal alone, or from a snapshot."""

    def again():
        if request.param == "snapshot":
            embedded.save()
            assert (embedded.folder / "snapshot").exists()
        embedded.kill()
        assert embedded.notice == ""

    return again
