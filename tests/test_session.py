"""`connect()` reaches the AWS that was chosen and no other, and says which one it is."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from stock_moto import serve

from helpers import connect, session, sign_in, stack
from helpers.errors import WorkshopError
from helpers.launch import terminal
from helpers.local_aws import ACCOUNT, REGION

DEAD = "http://127.0.0.1:9"  # the port of "discard", where nobody listens


@pytest.fixture(autouse=True)
def no_aws_of_mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away the AWS configuration of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "WORKSHOP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / ".workshop"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def embedded(workshop_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use the embedded AWS of this test session, and forget what a test chose."""
    monkeypatch.setenv("WORKSHOP_HOME", str(workshop_home))
    yield
    (workshop_home / "settings.json").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve() as endpoint:
        yield endpoint


@pytest.fixture
def real(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stock moto server stand in for AWS, with credentials for it."""
    options = {"endpoint_url": moto, "config": Config(ignore_configured_endpoint_urls=True)}
    monkeypatch.setattr(session, "_aws_options", lambda: options)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr("helpers.packages.WHEELS", {})  # tests download nothing


def settings(folder: str | None = None) -> dict[str, Any]:
    home = Path(folder or os.environ["WORKSHOP_HOME"])
    return json.loads((home / "settings.json").read_text())


def test_the_embedded_aws_is_reached_whatever_the_environment_says(
    embedded: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        f"[default]\nendpoint_url = {DEAD}\nuse_fips_endpoint = true\n"
    )
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": DEAD,
        "AWS_ENDPOINT_URL_S3": DEAD,
        "AWS_PROFILE": "somebody-else",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_CA_BUNDLE": "/nowhere.pem",
    }.items():
        monkeypatch.setenv(name, value)
    workshop = connect()
    assert workshop.sts.get_caller_identity()["Account"] == ACCOUNT
    assert workshop.region == REGION
    workshop.s3.create_bucket(Bucket="reached")
    assert workshop.s3.list_objects_v2(Bucket="reached")["KeyCount"] == 0
    workshop.s3.delete_bucket(Bucket="reached")


def test_a_client_is_made_once(embedded: None) -> None:
    workshop = connect()
    assert workshop.dynamodb is workshop.dynamodb
    assert workshop.client("sqs") is workshop.client("sqs")


def test_a_real_account_is_reached_although_the_terminal_s_variables_point_elsewhere(
    real: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", DEAD)
    workshop = connect("aws", region="eu-west-1")
    assert workshop.s3.list_buckets()["Buckets"] == []
    said = capsys.readouterr().out
    assert "REAL AWS account · account 123456789012 · eu-west-1" in said


def test_a_real_client_ignores_endpoints_that_were_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", DEAD)
    import boto3

    client = boto3.Session("key", "secret").client(
        "stepfunctions", region_name="eu-west-1", **session._aws_options()
    )
    assert client.meta.endpoint_url == "https://states.eu-west-1.amazonaws.com"


def test_what_was_chosen_is_kept_for_the_other_notebooks(
    real: None, embedded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect("aws", region="eu-west-1", learner="Ana").learner == "ana"
    kept = {"backend": "aws", "learner": "ana", "profile": None, "region": "eu-west-1"}
    assert settings() == kept
    again = connect()
    assert (again.backend, again.region, again.learner) == ("aws", "eu-west-1", "ana")
    monkeypatch.setenv("WORKSHOP_BACKEND", "embedded")
    assert connect().backend == "embedded"
    assert settings() == kept
    assert connect("embedded", learner="").learner is None
    assert settings() == {**kept, "backend": "embedded", "learner": None}


def test_a_learner_s_name_keeps_the_names_of_learners_apart(embedded: None) -> None:
    workshop = connect(learner="ana")
    assert workshop.stack_name == "wildrydes-step-module-resources-ana"
    assert workshop.collection_id == "rider-photos-ana"
    assert "ana" in repr(workshop)


@pytest.mark.parametrize("name", ["ana.lee", "anna-maria-lopez", "-ana", "ana-", "a b", "é"])
def test_a_learner_s_name_that_aws_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(WorkshopError, match="cannot be a learner's name"):
        connect(learner=name)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(WorkshopError, match="no AWS called 'azure'"):
        connect("azure")


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / ".workshop").mkdir()
    (tmp_path / ".workshop" / "settings.json").write_text("{")
    with pytest.raises(WorkshopError, match=r"settings.json cannot be read .* delete that file"):
        connect()


def test_no_region_is_one_sentence_with_the_remedy() -> None:
    with pytest.raises(WorkshopError, match=r"connect\('aws', region=…\)"):
        connect("aws")


def test_no_credentials_is_one_sentence_with_the_remedy() -> None:
    with pytest.raises(WorkshopError, match="No AWS credentials were found · run `aws configure`"):
        connect("aws", region="us-east-1")


def test_an_unknown_profile_is_one_sentence_with_the_remedy() -> None:
    with pytest.raises(WorkshopError, match="aws configure list-profiles"):
        connect("aws", profile="nobody")


def test_an_aws_out_of_reach_is_one_sentence_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    options = {"endpoint_url": DEAD, "config": Config(retries={"total_max_attempts": 1})}
    monkeypatch.setattr(session, "_aws_options", lambda: options)
    with pytest.raises(WorkshopError, match="AWS cannot be reached · .*check the network"):
        connect("aws", region="us-east-1")


def test_expired_credentials_are_one_sentence_with_the_remedy() -> None:
    answer = {"Error": {"Code": "ExpiredToken", "Message": "The token has expired"}}
    said = sign_in.problem(ClientError(answer, "GetCallerIdentity"), "work")
    assert said.startswith("AWS refuses these credentials (ExpiredToken: The token has expired)")
    assert "`aws sso login --profile work`" in said


def test_a_choice_that_failed_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(WorkshopError):
        connect("aws", region="us-east-1")
    assert not (tmp_path / ".workshop" / "settings.json").exists()


def test_a_deploy_on_a_real_account_asks_first(real: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "no")
    workshop = connect("aws", region="eu-west-1", learner="asks")
    with pytest.raises(WorkshopError, match="Nothing was made"):
        workshop.deploy()
    assert not workshop.is_deployed()
    assert workshop.s3.list_buckets()["Buckets"] == []
    for told in ("123456789012", "eu-west-1", "0.10 US dollars"):
        assert told in asked[0]


def test_a_deploy_on_a_real_account_where_nobody_can_answer_says_how_to_confirm(
    real: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    workshop = connect("aws", region="eu-west-1", learner="nobody")
    with pytest.raises(WorkshopError, match=r"workshop.deploy\(confirm=True\)"):
        workshop.deploy()


def test_a_confirmed_deploy_on_a_real_account_is_made_and_then_asks_no_more(
    real: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = connect("aws", region="eu-west-1", learner="sure")
    made = workshop.deploy(confirm=True)
    assert made.outputs["RiderPhotoProcessingStateMachineArn"] == workshop.state_machine_arn
    assert workshop.state_machine_arn.endswith(":stateMachine:RiderPhotoProcessing-sure")
    stack_tags = stack.find(workshop.cloudformation, workshop.stack_name)
    assert stack_tags is not None
    assert {"Key": "learner", "Value": "sure"} in stack_tags["Tags"]
    monkeypatch.setattr("builtins.input", lambda question: pytest.fail("it asked again"))
    workshop.deploy()
    stack.delete(workshop.cloudformation, workshop.s3, workshop.stack_name, tags=workshop.tags)


def test_outputs_before_the_deploy_send_the_learner_to_notebook_00(real: None) -> None:
    workshop = connect("aws", region="eu-west-1", learner="early")
    with pytest.raises(WorkshopError, match="notebook 00"):
        workshop.outputs  # noqa: B018


def test_the_card_shows_markup_as_text(embedded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop = connect()
    workshop.account = "<script>"
    assert "<script>" not in workshop._repr_html_()
    assert "&lt;script&gt;" in workshop._repr_html_()


def test_terminals_that_speak_to_another_aws_are_told(
    embedded: None, workshop_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.remember(workshop_home, os.getpid(), "aws")
    connect()
    assert "An open terminal speaks to another AWS" in capsys.readouterr().out
    terminal.remember(workshop_home, os.getpid(), "embedded")
    connect()
    assert "terminal" not in capsys.readouterr().out
    terminal.forget(workshop_home, os.getpid())


def test_a_region_for_the_embedded_aws_is_refused_and_not_kept() -> None:
    with pytest.raises(WorkshopError, match="leave them out"):
        connect("embedded", region="mars")
    assert session.settings.read().region is None
