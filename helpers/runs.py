"""`run_panel()`: choose a photo and a user id, run, stop, and look at the runs so far.

Each control shows the line of code that does the same.
"""

import json
import math
import threading
from typing import Any

import traitlets
from botocore.exceptions import BotoCoreError, ClientError

from helpers import photos
from helpers.errors import WorkshopError
from helpers.execution_card import notes
from helpers.executions import Execution, finished
from helpers.graph import Graph
from helpers.graph.widget import LivePage
from helpers.watching import shared

MOST_PHOTOS = 24
MOST_RUNS = 20
PHOTO_WIDTH = 96  # pixels
_PICTURES = (".jpg", ".jpeg", ".png")


def run_panel(sfn: Any, state_machine_arn: str, *, s3: Any, bucket: str) -> "RunPanel":
    """Show a panel that runs a state machine with photos of a bucket.

    Args:
        sfn: a boto3 client for Step Functions.
        state_machine_arn: which machine to run.
        s3: a boto3 client for S3.
        bucket: where the photos are.

    Raises:
        WorkshopError: there is no such machine or bucket, or no photo in it.
    """
    try:
        machine = sfn.describe_state_machine(stateMachineArn=state_machine_arn)
        found = _photos(s3, bucket)
    except ClientError as problem:
        error = problem.response["Error"]
        raise WorkshopError(
            f"{error['Code']}: {error.get('Message', '')} · take workshop.state_machine_arn, and "
            "workshop.outputs['RiderPhotoS3Bucket']"
        ) from problem
    if not found:
        raise WorkshopError(
            f"There is no photo in the bucket {bucket} · upload one: "
            f"upload(workshop.s3, {bucket!r}, 'photo.jpg')"
        )
    return RunPanel(sfn, machine, bucket, found)


class RunPanel(LivePage):
    """The panel of one state machine. `execution` is the run that ended last, once there is one."""

    script = "runs"
    opens = "openRuns"

    photos = traitlets.List(traitlets.Dict()).tag(sync=True)
    photo = traitlets.Unicode().tag(sync=True)
    user = traitlets.Unicode("user_a").tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    runs = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)
    code = traitlets.Dict().tag(sync=True)

    def __init__(
        self, sfn: Any, machine: dict[str, Any], bucket: str, found: list[dict[str, str]]
    ) -> None:
        self._sfn, self._bucket = sfn, bucket
        self.state_machine_arn = machine["stateMachineArn"]
        self.execution: Execution | None = None
        self._watching: threading.Thread | None = None
        graph = Graph(json.loads(machine["definition"]))
        super().__init__(graph, photos=found, photo=found[0]["key"])
        self.observe(self._say_code, ["photo", "user", "shown"])
        self.on_msg(self._asked)
        self._list_runs()
        self._say_code()

    @property
    def input(self) -> dict[str, str]:
        """The input of the next run."""
        return {"userId": self.user, "s3Bucket": self._bucket, "s3Key": self.photo}

    def run(self) -> None:
        """Start an execution and show it; it is watched by a thread, so cells can run meanwhile."""
        self._follow(
            self._sfn.start_execution(
                stateMachineArn=self.state_machine_arn, input=json.dumps(self.input)
            )["executionArn"]
        )

    def stop(self) -> None:
        """Stop the execution that is shown."""
        self._sfn.stop_execution(executionArn=self.shown)

    def wait(self, seconds: float = 60) -> None:
        """Wait until the execution that is shown is over, or the time is."""
        if self._watching:
            self._watching.join(seconds)

    def _asked(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        """Do what a control asks for; what AWS refuses is shown in the panel."""
        self.message = ""
        try:
            if content["do"] == "run":
                self.run()
            elif content["do"] == "stop":
                self.stop()
            elif content["do"] == "open":
                self._open(content["arn"])
        except (ClientError, BotoCoreError) as problem:
            self.message = str(problem)

    def _open(self, arn: str) -> None:
        """Show an earlier run."""
        if arn in {known for known, _ in self.runs}:
            self._follow(arn)

    def _follow(self, arn: str) -> None:
        self.shown, self.running = arn, True
        self._watching = threading.Thread(target=self._watch, args=(arn,), daemon=True)
        self._watching.start()

    def _watch(self, arn: str) -> None:
        """Show an execution until it is over; one that is no longer shown tells nothing more."""
        try:
            machine = self._sfn.describe_state_machine_for_execution(executionArn=arn)
            definition, name = json.loads(machine["definition"]), arn.rsplit(":", 1)[-1]

            def tell(events: list[dict[str, Any]]) -> None:
                if self.shown == arn:
                    self.show(Graph(definition, events, title=name))

            tell([])
            with shared(self._sfn, arn) as watched:
                watched.subscribe(tell)
                try:
                    watched.until_over(math.inf)
                finally:
                    watched.unsubscribe(tell)
            execution = finished(self._sfn, arn, machine, math.inf)
            self._list_runs()
            if self.shown == arn:
                self.execution = execution
                self.show(Graph(definition, execution.events, title=name, notes=notes(execution)))
        except (ClientError, BotoCoreError) as problem:
            self.message = str(problem)
        finally:
            if self.shown == arn:
                self.running = False

    def _list_runs(self) -> None:
        answer = self._sfn.list_executions(
            stateMachineArn=self.state_machine_arn, maxResults=MOST_RUNS
        )
        self.runs = [
            [run["executionArn"], f"{run['startDate']:%H:%M:%S} {run['status']} {run['name']}"]
            for run in answer["executions"]
        ]

    def _say_code(self, _: Any = None) -> None:
        self.code = {
            "photo": f"photo = {self.input!r}",
            "user": f"photo['userId'] = {self.user!r}",
            "run": "execution = run(workshop.sfn, workshop.state_machine_arn, photo)",
            "stop": "workshop.sfn.stop_execution(executionArn=execution.arn)",
            "open": "workshop.sfn.list_executions(stateMachineArn=workshop.state_machine_arn)",
        }


def _photos(s3: Any, bucket: str) -> list[dict[str, str]]:
    """Return the photos of a bucket that can be shown: their keys, and small pictures of them."""
    found: list[dict[str, str]] = []
    for stored in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        if not stored["Key"].lower().endswith(_PICTURES) or stored["Size"] > photos.LIMIT:
            continue
        if len(found) == MOST_PHOTOS:
            break
        body = s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read()
        try:
            found.append({"key": stored["Key"], "image": photos.small(body, PHOTO_WIDTH).url})
        except WorkshopError:  # called a picture, and none
            continue
    return found
