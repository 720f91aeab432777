"""The process that analyses faces: how it lives and dies, and what it saves."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from botocore.exceptions import ClientError

from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.rekognition.analyst import REMEMBERED, Analyst
from helpers.local_aws.rekognition.face_process import FaceProcess
from helpers.places import PHOTOS, ROOT

HAPPY = (PHOTOS / "1_happy_face.jpg").read_bytes()


def gone(pid, seconds=10.0):
    """Tell whether a process that is no child of ours has ended before the time is out."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_three_calls_about_one_photo_cost_one_analysis(rekognition, riders, photo, embedded):
    before = embedded.analyst.analysed
    rekognition.detect_faces(Image=photo(1))
    rekognition.search_faces_by_image(CollectionId=riders, Image=photo(1))
    rekognition.index_faces(CollectionId=riders, Image=photo(1))
    assert embedded.analyst.analysed == before + 1


def test_a_refused_picture_is_analysed_once_too(rekognition, embedded):
    before = embedded.analyst.analysed
    for _ in range(2):
        with pytest.raises(rekognition.exceptions.InvalidImageFormatException):
            rekognition.detect_faces(Image={"Bytes": b"no picture"})
    assert embedded.analyst.analysed == before + 1


def test_a_picture_that_differs_by_one_byte_is_another_picture(rekognition, embedded):
    before = embedded.analyst.analysed
    rekognition.detect_faces(Image={"Bytes": HAPPY})
    rekognition.detect_faces(Image={"Bytes": HAPPY + b"\0"})
    assert embedded.analyst.analysed == before + 2


class Instant:
    """A stand-in for the face process that sees no face, and counts."""

    def __init__(self):
        self.asked = 0

    def analyse(self, content):
        self.asked += 1
        return []


def test_only_so_many_pictures_are_remembered():
    process = Instant()
    analyst = Analyst(process)
    pictures = [str(number).encode() for number in range(REMEMBERED + 1)]
    for picture in pictures:
        analyst.faces(picture)
    analyst.faces(pictures[-1])
    assert process.asked == REMEMBERED + 1
    analyst.faces(pictures[0])  # the oldest was forgotten
    assert process.asked == REMEMBERED + 2


def test_nothing_is_started_before_it_is_needed_and_creating_a_collection_starts_it():
    from helpers.local_aws.rekognition.api import Application

    application = Application(lambda service: None, Database())
    try:
        application.perform("ListCollections", {})
        assert application.analyst.process.pid is None
        application.perform("CreateCollection", {"CollectionId": "riders"})
        assert application.analyst.process.pid is not None
    finally:
        application.close()
    assert application.analyst.process.pid is None
    with pytest.raises(ServiceError, match="being stopped"):
        application.analyst.process.analyse(HAPPY)


def test_a_killed_process_is_replaced_by_the_next_call(rekognition, embedded):
    rekognition.detect_faces(Image={"Bytes": HAPPY})
    pid = embedded.analyst.process.pid
    embedded.analyst.process._process.kill()
    embedded.analyst.process._process.wait()
    embedded.analyst.forget()
    assert len(rekognition.detect_faces(Image={"Bytes": HAPPY})["FaceDetails"]) == 1
    assert embedded.analyst.process.pid not in (pid, None)


def test_a_process_killed_over_a_picture_is_replaced_and_the_picture_answered(
    rekognition, embedded, photo
):
    embedded.analyst.process.analyse(HAPPY)
    victim = embedded.analyst.process._process
    threading.Timer(0.1, victim.kill).start()  # the photo without a face takes longer
    assert rekognition.detect_faces(Image=photo(4))["FaceDetails"] == []
    assert victim.poll() is not None


def test_eight_threads_with_one_new_photo_wait_for_one_analysis(rekognition, embedded):
    before = embedded.analyst.analysed
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: rekognition.detect_faces(Image={"Bytes": HAPPY}), range(8))
        )
    assert embedded.analyst.analysed == before + 1
    assert len({str(answer["FaceDetails"]) for answer in answers}) == 1


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_served():
    patience = FaceProcess(
        deadline=0.3, command=(sys.executable, "-c", "import time; time.sleep(60)")
    )
    started = time.monotonic()
    with pytest.raises(ServiceError, match="took longer than 0.3 seconds"):
        patience.analyse(HAPPY)
    assert time.monotonic() - started < 5
    assert patience.pid is None
    patience._command, patience._deadline = FaceProcess()._command, 30
    assert len(patience.analyse(HAPPY)) == 1
    patience.close()


def test_a_process_that_always_dies_is_one_clear_error_and_not_an_endless_loop():
    dying = FaceProcess(command=(sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(ServiceError) as caught:
        dying.analyse(HAPPY)
    assert caught.value.code == "FaceAnalysisUnavailableException"
    assert "ended twice" in caught.value.message


BREAKS_OFF = """
from helpers.local_aws.rekognition import analysis, worker
analyse = analysis.analyse
def broken(detector, content):
    if content == b"poison":
        raise RuntimeError("a filter does not fit")
    return analyse(detector, content)
analysis.analyse = broken
worker.main()
"""


def test_a_picture_that_breaks_the_analysis_does_not_cost_the_others_their_process():
    process = FaceProcess(command=(sys.executable, "-c", BREAKS_OFF))
    assert len(process.analyse(HAPPY)) == 1
    pid = process.pid
    with pytest.raises(ServiceError, match="broke off.*a filter does not fit"):
        process.analyse(b"poison")
    assert len(process.analyse(HAPPY)) == 1
    assert process.pid == pid
    process.close()


def test_a_process_that_cannot_be_started_hinders_nothing_but_face_calls():
    missing = FaceProcess(command=("/no/such/python",))
    missing.start()  # as CreateCollection does
    with pytest.raises(ServiceError, match="cannot be started") as caught:
        missing.analyse(HAPPY)
    assert caught.value.code == "FaceAnalysisUnavailableException"


WITHOUT = """
import sys
sys.modules["dlib"] = None                       # as where no wheel exists
from helpers.local_aws.rekognition import worker
worker.main()
"""
WITHOUT_MODELS = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if "models" in name else find(name, *more)
from helpers.local_aws.rekognition import worker
worker.main()
"""


@pytest.mark.parametrize(
    ("program", "names"),
    [(WITHOUT, "dlib-bin"), (WITHOUT_MODELS, "pip install face_recognition_models")],
)
def test_without_dlib_face_calls_say_so_and_everything_else_works(
    rekognition, riders, embedded, monkeypatch, program, names
):
    missing = FaceProcess(command=(sys.executable, "-c", program))
    monkeypatch.setattr(embedded.analyst, "process", missing)
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            rekognition.detect_faces(Image={"Bytes": HAPPY})
        told = caught.value.response["Error"]
        assert told["Code"] == "FaceAnalysisUnavailableException"
        assert names in told["Message"]
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert rekognition.describe_collection(CollectionId=riders)["FaceCount"] == 0
    assert rekognition.list_faces(CollectionId=riders)["Faces"] == []
    # Installed in the meantime: the next call notices.
    missing._command = FaceProcess()._command
    assert len(rekognition.detect_faces(Image={"Bytes": HAPPY})["FaceDetails"]) == 1
    missing.close()


SERVER = """
import base64, os, sys
from pathlib import Path
from helpers.local_aws.database import Database
from helpers.local_aws.rekognition.api import Application
application = Application(lambda service: None, Database())
application.perform("CreateCollection", {"CollectionId": "riders"})
image = {"Bytes": base64.b64encode(Path(sys.argv[1]).read_bytes()).decode()}
for operation in ("IndexFaces", "SearchFacesByImage"):
    application.perform(operation, {"CollectionId": "riders", "Image": image})
print(application.analyst.process.pid)
print(sorted({"dlib", "numpy", "PIL"} & set(sys.modules)))
sys.stdout.flush()
os._exit(9)                                      # as suddenly as kill -9: nothing is tidied up
"""


def test_the_server_never_loads_dlib_and_its_process_ends_with_it():
    server = subprocess.run(
        [sys.executable, "-c", SERVER, str(PHOTOS / "1_happy_face.jpg")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert server.returncode == 9, server.stderr
    pid, loaded = server.stdout.split("\n")[:2]
    assert loaded == "[]"
    assert gone(int(pid))


def test_the_68_point_model_is_never_opened():
    # The one of the four trained files whose licence excludes commercial use.
    program = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args)) if event == 'open' else 0)\n"
        "from helpers.local_aws.rekognition.detector import Detector; Detector()\n"
        "print([name for name in sys.modules if name.startswith('face_recognition')])\n"
    )
    seen = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"
    sources = (ROOT / "helpers/local_aws/rekognition").glob("*.py")
    assert not any("shape_predictor_68" in path.read_text("utf-8") for path in sources)
