"""Several learners share an account, and none of them meets what another one made."""

import json
from collections.abc import Iterator

import pytest

from helpers import connect, items, load_definition, run
from helpers.local_aws import server
from helpers.session import Workshop

# The stack of nobody in particular begins like all others, and that of "ana" like that of "ana-b".
LEARNERS = ("", "ana", "ana-b")


@pytest.fixture(scope="module")
def learners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Workshop]]:
    """Yield the workshop of each learner on one AWS, where all have done notebook 04."""
    home = tmp_path_factory.mktemp("shared") / ".workshop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_HOME", str(home))
        patch.delenv("WORKSHOP_BACKEND", raising=False)
        found = {name: connect("embedded", learner=name) for name in LEARNERS}
        for workshop in found.values():
            workshop.deploy()
            workshop.catch_up("99")
            run_notebook_04(workshop)
        yield found
    server.stop(home)


def run_notebook_04(workshop: Workshop) -> None:
    outputs = workshop.outputs
    workshop.sfn.update_state_machine(
        stateMachineArn=workshop.state_machine_arn,
        definition=json.dumps(load_definition("04", outputs)),
    )
    rider = {
        "userId": f"rider of {workshop.learner}",
        "s3Bucket": outputs["RiderPhotoS3Bucket"],
        "s3Key": "1_happy_face.jpg",
    }
    execution = run(workshop.sfn, workshop.state_machine_arn, rider, show=False)
    assert execution.status == "SUCCEEDED" and not execution.caught, execution


def riders(workshop: Workshop) -> list[str]:
    return list(items(workshop.dynamodb, workshop.outputs["RiderPhotoDDBTable"])["Username"])


def faces(workshop: Workshop) -> int:
    answer = workshop.rekognition.describe_collection(CollectionId=workshop.collection_id)
    return int(answer["FaceCount"])


def test_each_has_a_resource_of_their_own_behind_every_output(
    learners: dict[str, Workshop],
) -> None:
    named = [value for workshop in learners.values() for value in workshop.outputs.values()]
    assert len(set(named)) == len(named)


def test_each_finds_their_own_rider_and_face(learners: dict[str, Workshop]) -> None:
    for workshop in learners.values():
        assert riders(workshop) == [f"rider of {workshop.learner}"]
        assert faces(workshop) == 1


@pytest.mark.parametrize("leaving", ["ana", ""])
def test_one_cleans_up_and_the_others_lose_nothing(
    learners: dict[str, Workshop], leaving: str
) -> None:
    cleaned = learners[leaving].clean_up()
    assert cleaned.deleted and not cleaned.left
    assert learners[leaving].check("99", [])
    others = learners["ana-b"]
    assert riders(others) == ["rider of ana-b"]
    assert faces(others) == 1
    thumbnail = others.lambda_.get_function(FunctionName=others.outputs["ThumbnailFunctionArn"])
    assert thumbnail["Configuration"]["State"] == "Active"
    assert others.deploy().change == "unchanged"
