"""What the contenders run: machines, the functions, table and role that they need, and a clock."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from contenders import Contender

HANDLER = "def handler(event, context):\n    return {'n': 1}\n"
_TRUSTED = ["states.amazonaws.com", "lambda.amazonaws.com"]
_LONGEST = 120  # seconds for one execution


def role(contender: Contender) -> str:
    """Create a role that machines and functions may take and that may do everything."""
    iam = contender.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": _TRUSTED}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    arn = iam.create_role(RoleName="benchmark", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(
        RoleName="benchmark", PolicyName="everything", PolicyDocument=_policy(everything)
    )
    return str(arn["Role"]["Arn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Machines:
    """The state machines of one contender, by the name of the workload."""

    def __init__(self, contender: Contender) -> None:
        self.sfn = contender.client("stepfunctions")
        self._role = role(contender)
        functions = [_function(contender, f"f{number}", self._role) for number in range(4)]
        contender.client("dynamodb").create_table(
            TableName="riders",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "Username", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Username", "AttributeType": "S"}],
        )
        self.arns = {
            name: self._create(name, definition)
            for name, definition in definitions(functions).items()
        }

    def _create(self, name: str, definition: dict[str, Any]) -> str:
        return str(
            self.sfn.create_state_machine(
                name=name.replace(" ", "-"), definition=json.dumps(definition), roleArn=self._role
            )["stateMachineArn"]
        )

    def run(self, name: str) -> float:
        """Run an execution to its end, watched closely; return the seconds that it took."""
        given = json.dumps({"userId": "user_a", "items": list(range(1000))})
        started = time.perf_counter()
        arn = self.sfn.start_execution(
            stateMachineArn=self.arns[name], name=uuid.uuid4().hex, input=given
        )["executionArn"]
        while (told := self.sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.perf_counter() - started > _LONGEST:
                raise SystemExit(f"{name} still runs after {_LONGEST} s")
            time.sleep(0.002)
        if told["status"] != "SUCCEEDED":
            raise SystemExit(f"{name} ended {told['status']}: {told.get('cause')}")
        return time.perf_counter() - started

    def per_second(self, name: str, count: int, at_once: int) -> float:
        """Run `count` executions, `at_once` side by side; return how many ended per second."""
        started = time.perf_counter()
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(self.run, [name] * count))
        return count / (time.perf_counter() - started)


def definitions(functions: list[str]) -> dict[str, dict[str, Any]]:
    """Return the machines of all workloads by name."""
    nothing: dict[str, Any] = {"Type": "Pass", "End": True}
    one = {"StartAt": "P", "States": {"P": nothing}}
    chain = {
        f"S{number}": {"Type": "Pass"} | ({"Next": f"S{number + 1}"} if number < 49 else nothing)
        for number in range(50)
    }
    branches = [{"StartAt": f"B{n}", "States": {f"B{n}": nothing}} for n in range(8)]
    return {
        "workflow": workflow(functions),
        "one Pass": one,
        "chain of 50": {"StartAt": "S0", "States": chain},
        "Parallel of 8": _of({"Type": "Parallel", "Branches": branches}),
        "Map of 1000": _map({"Mode": "INLINE"}),
        "distributed Map of 1000": _map({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
    }


def workflow(functions: list[str]) -> dict[str, Any]:
    """Return the workshop's workflow, with other functions: two, two side by side, PutItem."""

    def task(function: str, **more: Any) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": function, "Payload.$": "$"},
            **more,
        }

    branches = [
        {"StartAt": name, "States": {name: task(function, End=True)}}
        for name, function in (("AddFaceToIndex", functions[2]), ("Thumbnail", functions[3]))
    ]
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {
            "TableName": "riders",
            "Item": {
                "Username": {"S.$": "$.userId"},
                "n": {"N.$": "States.Format('{}', $.parallelResult[0].Payload.n)"},
            },
        },
        "End": True,
    }
    return {
        "StartAt": "FaceDetection",
        "States": {
            "FaceDetection": task(functions[0], ResultPath=None, Next="CheckFaceDuplicate"),
            "CheckFaceDuplicate": task(functions[1], ResultPath=None, Next="ParallelProcessing"),
            "ParallelProcessing": {
                "Type": "Parallel",
                "Branches": branches,
                "ResultPath": "$.parallelResult",
                "Next": "PersistMetadata",
            },
            "PersistMetadata": put,
        },
    }


def _of(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {**state, "End": True}}}


def _map(processor: dict[str, str]) -> dict[str, Any]:
    flow = {"StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}}
    return _of(
        {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {"ProcessorConfig": processor, **flow},
        }
    )


def _function(contender: Contender, name: str, role_arn: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("handler.py", HANDLER)
    client = contender.client("lambda")
    return str(
        client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role_arn,
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
    )


def in_turn(work: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure each contender's work once a round, so that all meet the same noise."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, measure in work.items():
            found[name].append(measure())
    return found
