"""`connect()`: decide once which AWS answers, and hand out clients that can reach no other."""

import os
from typing import Any

import boto3
import botocore.session
from botocore import exceptions as aws_errors
from botocore.config import Config

from helpers import settings, sign_in, stack
from helpers.console import Line, ask_to_deploy
from helpers.errors import WorkshopError
from helpers.places import workshop_folder
from helpers.refused_definitions import suggest_in_refusals
from helpers.session_card import Card
from helpers.short_errors import shorten_aws_errors

STACK_NAME = "wildrydes-step-module-resources"
COLLECTION_ID = "rider-photos"

# An AWS_ENDPOINT_URL of somebody else's making is not followed.
_NO_FOREIGN_ENDPOINT: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
# What a client needs to stay on this computer: no proxy, no other host in front of the address.
_LOOPBACK: dict[str, Any] = {
    **_NO_FOREIGN_ENDPOINT,
    "proxies": {},
    "inject_host_prefix": False,
    "use_fips_endpoint": False,
    "use_dualstack_endpoint": False,
    "s3": {"addressing_style": "path"},
}


class _Client:
    """A boto3 client of one service: made when it is first used, then kept."""

    def __init__(self, service: str) -> None:
        self.service = service

    def __get__(self, workshop: "Workshop | None", owner: type) -> Any:
        return self if workshop is None else workshop.client(self.service)


class Workshop:
    """Ready clients, and the names of what the workshop made on this AWS."""

    sfn = _Client("stepfunctions")
    dynamodb = _Client("dynamodb")
    s3 = _Client("s3")
    rekognition = _Client("rekognition")
    sns = _Client("sns")
    cloudformation = _Client("cloudformation")
    lambda_ = _Client("lambda")
    logs = _Client("logs")
    iam = _Client("iam")
    sts = _Client("sts")

    def __init__(
        self,
        session: boto3.Session,
        options: dict[str, Any],
        *,
        backend: str,
        account: str,
        learner: str | None,
    ) -> None:
        self._session: Any = session
        suggest_in_refusals(session)
        self._options = options
        self._clients: dict[str, Any] = {}
        self.backend = backend
        self.account = account
        self.region: str = session.region_name
        self.learner = learner
        suffix = f"-{learner}" if learner else ""
        self.stack_name = STACK_NAME + suffix
        self.collection_id = COLLECTION_ID + suffix
        self.tags = {"workshop": "wild-rydes", "learner": learner or "-"}

    def client(self, service: str) -> Any:
        """Return the client of any service, as boto3 names it, on the chosen AWS."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, **self._options)
        return self._clients[service]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack, asked for each time.

        Raises:
            WorkshopError: There is no stack yet.
        """
        return stack.outputs(self.cloudformation, self.stack_name)

    @property
    def state_machine_arn(self) -> str:
        """The ARN of the state machine that the notebooks build."""
        return self.outputs["RiderPhotoProcessingStateMachineArn"]

    def is_deployed(self) -> bool:
        """Return whether the stack is there and whole."""
        return stack.is_deployed(self.cloudformation, self.stack_name)

    def deploy(self, *, email: str | None = None, confirm: bool = False) -> stack.Deployment:
        """Create the stack, or update it; on a real account, ask first unless `confirm`.

        `email` is where rejections are mailed to, once the subscription is confirmed; "" for
        nowhere.

        Raises:
            WorkshopError: The answer was no, nobody could be asked, or a resource failed.
        """
        if self.backend == "aws" and not confirm and not self.is_deployed():
            ask_to_deploy(self)
        parameters = {
            "LearnerSuffix": f"-{self.learner}" if self.learner else "",
            "RekognitionCollectionId": self.collection_id,
        }
        if email is not None:
            parameters["EmailForNotification"] = email
        line = Line()
        try:
            return stack.deploy(
                self.cloudformation,
                self.s3,
                self.stack_name,
                parameters,
                tags=self.tags,
                wheels=self.backend == "aws",
                progress=line.show,
            )
        finally:
            line.clear()

    def check(self, section: str, *answers: Any) -> Any:
        """Check the answer to a section's exercise (see helpers/checks.py)."""
        from helpers.checks import check

        return check(self, section, *answers)

    def catch_up(self, section: str) -> Any:
        """Bring everything to where a section starts (see helpers/catch_up.py)."""
        from helpers.catch_up import catch_up

        return catch_up(self, section)

    def clean_up(self) -> Any:
        """Delete all that the workshop made on this AWS (see helpers/cleanup.py)."""
        from helpers.cleanup import clean_up

        line = Line()
        try:
            return clean_up(self, progress=line.show)
        finally:
            line.clear()

    def __repr__(self) -> str:
        return Card.of(self).text()

    def _repr_html_(self) -> str:
        return Card.of(self).html()


def connect(
    backend: str | None = None,
    *,
    learner: str | None = None,
    profile: str | None = None,
    region: str | None = None,
) -> Workshop:
    """Connect to the embedded AWS, or to a real account, and print which one it is.

    What is given is kept for the other notebooks; what is not comes from there.

    Args:
        backend: "embedded" or "aws"; else the variable WORKSHOP_BACKEND, else what was kept, else
            "embedded".
        learner: A short name, where several learners share an account; "" for none.
        profile: Of your AWS configuration; for a real account only.
        region: For a real account only; else the profile's.

    Raises:
        WorkshopError: No such backend, a name that AWS would not take, or no way to sign in.
    """
    chosen = {"backend": backend, "learner": learner, "profile": profile, "region": region}
    given = {name: value for name, value in chosen.items() if value is not None}
    if given.get("learner"):
        given["learner"] = settings.valid_learner(given["learner"])
    kept = settings.read()
    backend = backend or os.environ.get("WORKSHOP_BACKEND") or kept.backend or "embedded"
    if backend not in settings.BACKENDS:
        raise WorkshopError(f"There is no AWS called {backend!r} · use connect() or connect('aws')")
    if backend == "embedded" and (profile or region):
        raise WorkshopError(
            "The embedded AWS has no profile and one region · leave them out, or say "
            "connect('aws', profile=…, region=…) for a real account"
        )
    learner = given.get("learner", kept.learner) or None
    if backend == "embedded":
        workshop = _embedded(learner)
    else:
        workshop = _aws(
            learner, given.get("profile", kept.profile), given.get("region", kept.region)
        )
    settings.keep(**{name: value or None for name, value in given.items()})
    shorten_aws_errors()
    print(Card.of(workshop).headline())
    return workshop


def _embedded(learner: str | None) -> Workshop:
    """Start or find the embedded AWS, and give explicitly all that its clients need.

    No variable and no file of a real AWS configuration is read.
    """
    from helpers.local_aws import server

    running = server.start(workshop_folder())
    if running.notice:
        print(running.notice)
    unset = dict.fromkeys(("profile", "ca_bundle"), (None, None, None, None))
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = boto3.Session(
        aws_access_key_id=running.access_key_id,
        aws_secret_access_key=running.secret_access_key,
        region_name=running.region,
        botocore_session=botocore.session.Session(session_vars=unset | files),
    )
    options = {"endpoint_url": running.endpoint, "config": Config(**_LOOPBACK)}
    return Workshop(session, options, backend="embedded", account=running.account, learner=learner)


def _aws(learner: str | None, profile: str | None, region: str | None) -> Workshop:
    """Sign in to a real account; an AWS_ENDPOINT_URL from elsewhere is not looked at."""
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        if not session.region_name:
            raise aws_errors.NoRegionError
        options = _aws_options()
        identity = session.client("sts", **options).get_caller_identity()
    except (aws_errors.BotoCoreError, aws_errors.ClientError) as error:
        raise WorkshopError(sign_in.problem(error, profile)) from error
    return Workshop(session, options, backend="aws", account=identity["Account"], learner=learner)


def _aws_options() -> dict[str, Any]:
    """Return what every client of a real account is made with."""
    return {"config": Config(**_NO_FOREIGN_ENDPOINT)}
