import base64
import contextlib
import io
import json
import os
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from roles import EVERYTHING, SERVICES, document, make_role

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws import server as servers

ROLE_POLICY = document({"Principal": SERVICES, "Action": "sts:AssumeRole"})


def packed(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return content.getvalue()


@pytest.fixture(scope="module")
def role(client):
    return make_role(client("iam"), "functions", EVERYTHING)


@pytest.fixture
def function(client, role, request):
    """Return a function that makes a Lambda function and gives a way to invoke it."""
    functions = client("lambda")
    made = []

    def make(code, handler="index.handler", **settings):
        name = f"f-{abs(hash(request.node.name)) % 10**8}-{len(made)}"
        made.append(name)
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler=handler,
            Code={"ZipFile": code if isinstance(code, bytes) else packed(index=code)},
            **settings,
        )

        def invoke(event=None, **options):
            payload = options.pop("Payload", json.dumps(event))
            answer = functions.invoke(FunctionName=name, Payload=payload, **options)
            answer["text"] = answer["Payload"].read().decode()
            return answer

        invoke.name = name
        return invoke

    yield make
    for name in made:
        functions.delete_function(FunctionName=name)


def log_of(answer):
    return base64.b64decode(answer["LogResult"]).decode()


def test_the_handler_really_runs(function):
    answer = function("def handler(event, context): return {'sum': sum(event['n'])}")({"n": [1, 2]})
    assert json.loads(answer["text"]) == {"sum": 3}
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer


def test_a_warm_environment_keeps_its_globals_and_answers_in_milliseconds(function):
    invoke = function("n = 0\ndef handler(e, c):\n  global n; n += 1; return n")
    assert [json.loads(invoke()["text"]) for _ in range(3)] == [1, 2, 3]
    begin = time.perf_counter()
    for _ in range(20):
        invoke()
    assert (time.perf_counter() - begin) / 20 < 0.1  # measured 0.005


def test_an_exception_is_told_as_aws_tells_it(function):
    code = "class NoFace(Exception): pass\ndef handler(event, context):\n    raise NoFace('none')\n"
    answer = function(code)({})
    assert answer["FunctionError"] == "Unhandled"
    error = json.loads(answer["text"])
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert error["errorMessage"] == "none"
    assert error["errorType"] == "NoFace"
    assert error["requestId"] == answer["ResponseMetadata"]["RequestId"] or error["requestId"]
    assert error["stackTrace"] == [
        "  File \"/var/task/index.py\", line 3, in handler\n    raise NoFace('none')\n"
    ]
    assert answer["text"].startswith('{"errorMessage": "none", "errorType": ')


def test_libraries_in_a_stack_trace_stand_where_they_stand_on_aws(function):
    code = (
        "import boto3\n"
        "def handler(e, c):\n"
        "    boto3.client('s3').get_object(Bucket='none-such-bucket', Key='k')\n"
    )
    error = json.loads(function(code)({})["text"])
    assert error["errorType"] == "NoSuchBucket"
    assert re.search(r'"/var/lang/lib/python3\.\d+/site-packages/botocore/', error["stackTrace"][1])
    assert str(Path.cwd()) not in json.dumps(error)


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        (
            "import nowhere",
            "index.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'index': No module named 'nowhere'",
        ),
        (
            "",
            "other.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'other': No module named 'other'",
        ),
        (
            "x = 1",
            "index.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing on module 'index'",
        ),
        (
            "def (",
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 1)",
        ),
        (
            "def handler(e, c): return {1, 2}",
            "index.handler",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "",
            "index",
            "Runtime.MalformedHandlerName",
            "Bad handler 'index': not enough values to unpack (expected 2, got 1)",
        ),
        ("1 / 0", "index.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_faults_of_the_runtime_have_aws_names_and_texts(function, code, handler, kind, message):
    answer = function(code, handler)({})
    assert answer["FunctionError"] == "Unhandled"
    error = json.loads(answer["text"])
    assert (error["errorType"], error["errorMessage"]) == (kind, message)


def test_a_function_that_takes_too_long_is_ended_and_the_next_call_is_fresh(function):
    code = "import time\ndef handler(e, c): time.sleep(e); return 'done'"
    invoke = function(code, Timeout=1)
    begin = time.perf_counter()
    answer = invoke(30, LogType="Tail")
    assert time.perf_counter() - begin < 5
    error = json.loads(answer["text"])
    assert error["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds", error["errorMessage"]
    )
    assert "Task timed out after 1.00 seconds" in log_of(answer)
    assert json.loads(invoke(0)["text"]) == "done"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os\ndef handler(e, c): os._exit(3)", "exited with error: exit status 3"),
        ("import sys\ndef handler(e, c): sys.exit()", "exited without providing a reason"),
    ],
)
def test_a_process_that_dies_is_an_exit_error(function, code, reason):
    error = json.loads(function(code)({})["text"])
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith(f" Error: Runtime {reason}")


def test_bytes_are_the_answer_as_they_are(function):
    assert function("def handler(e, c): return b'\"Hello\"'")()["text"] == '"Hello"'


def test_the_log_tail_has_what_was_printed_and_logged(function):
    code = (
        "import logging, sys\n"
        "logging.getLogger().setLevel('INFO')\n"
        "print('at import')\n"
        "def handler(e, c):\n"
        "    print('ünï'); print('err', file=sys.stderr); logging.info('two\\nlines')\n"
    )
    invoke = function(code)
    log = log_of(invoke({}, LogType="Tail"))
    lines = log.splitlines()
    assert re.fullmatch(r"START RequestId: [0-9a-f-]{36} Version: \$LATEST", lines[0])
    assert lines[1:4] == ["at import", "ünï", "err"]
    assert re.fullmatch(r"\[INFO\]\t\d{4}-.*Z\t[0-9a-f-]{36}\ttwo", lines[4])
    assert lines[5] == "lines"
    assert lines[6].startswith("END RequestId: ")
    assert re.match(
        r"REPORT RequestId: .*\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB"
        r".*\tInit Duration: ",
        lines[7],
    )
    assert "Init Duration" not in log_of(invoke({}, LogType="Tail"))
    assert "LogResult" not in invoke({})


def test_the_log_tail_is_cut_at_four_kilobytes(function):
    answer = function("def handler(e, c): print('x' * 9000)")({}, LogType="Tail")
    assert len(base64.b64decode(answer["LogResult"])) == 4096


def test_the_same_lines_reach_cloudwatch_logs(function, client):
    invoke = function("def handler(e, c):\n    print('seen')\n    raise ValueError('bad')")
    invoke({})
    logs = client("logs")
    group = f"/aws/lambda/{invoke.name}"
    deadline = time.monotonic() + 10
    events = []
    while len(events) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            events = logs.filter_log_events(logGroupName=group)["events"]
    messages = [event["message"] for event in events]
    assert messages[1] == "seen"
    assert messages[2].startswith("[ERROR] ValueError: bad\nTraceback (most recent call last):\n")
    assert messages[4].startswith("REPORT ")
    stream = events[0]["logStreamName"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_the_context_has_the_documented_attributes(function):
    code = (
        "def handler(e, c):\n"
        "    names = 'function_name function_version invoked_function_arn memory_limit_in_mb '\n"
        "    names += 'aws_request_id log_group_name log_stream_name'\n"
        "    left = c.get_remaining_time_in_millis()\n"
        "    return {**{n: getattr(c, n) for n in names.split()}, 'left': left,\n"
        "            'custom': c.client_context and c.client_context.custom,\n"
        "            'identity': c.identity.cognito_identity_id}\n"
    )
    invoke = function(code, Timeout=7, MemorySize=256)
    given = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    context = json.loads(invoke({}, ClientContext=given)["text"])
    assert context["function_name"] == invoke.name
    assert context["function_version"] == "$LATEST"
    assert context["invoked_function_arn"] == (
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{invoke.name}"
    )
    assert context["memory_limit_in_mb"] == "256"
    assert context["log_group_name"] == f"/aws/lambda/{invoke.name}"
    assert 6000 < context["left"] <= 7000
    assert context["custom"] == {"a": 1}


def test_handlers_reach_the_embedded_aws_also_behind_a_proxy(tmp_path, monkeypatch, role):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-is-not-there")
    server = servers.start(tmp_path)
    try:
        for name, value in servers.environment(server).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE")
        session = boto3.Session()
        iam, functions = session.client("iam"), session.client("lambda")
        arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=ROLE_POLICY)["Role"]["Arn"]
        code = (
            "import boto3, PIL\n"
            "def handler(e, c): return boto3.client('sts').get_caller_identity()['Account']\n"
        )
        functions.create_function(
            FunctionName="who",
            Runtime="python3.12",
            Role=arn,
            Handler="index.handler",
            Code={"ZipFile": packed(index=code)},
            Timeout=20,
        )
        answer = functions.invoke(FunctionName="who")
        assert json.loads(answer["Payload"].read()) == ACCOUNT
    finally:
        servers.stop(tmp_path)


def test_environment_variables_and_own_modules_come_first(function):
    code = packed(
        index="import os, PIL, here.part\n"
        "def handler(e, c): return [os.environ['TABLE'], PIL.mine]",
        PIL="mine = 'my own'",
        here__part="",
    )
    invoke = function(code, Environment={"Variables": {"TABLE": "riders"}})
    assert json.loads(invoke()["text"]) == ["riders", "my own"]


def test_changed_code_and_settings_take_effect_at_the_next_call(function, client):
    invoke = function("def handler(e, c): return 'old'")
    assert json.loads(invoke()["text"]) == "old"
    new = packed(index="import os\ndef handler(e, c): return os.environ.get('A', 'new')")
    client("lambda").update_function_code(FunctionName=invoke.name, ZipFile=new)
    assert json.loads(invoke()["text"]) == "new"
    client("lambda").update_function_configuration(
        FunctionName=invoke.name, Environment={"Variables": {"A": "newer"}}
    )
    assert json.loads(invoke()["text"]) == "newer"


def test_invocations_at_once_run_side_by_side(function):
    invoke = function("import time\ndef handler(e, c): time.sleep(0.5); return e", Timeout=20)
    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: json.loads(invoke(n)["text"]), range(4)))
    assert answers == [0, 1, 2, 3]
    assert time.perf_counter() - begin < 1.9


def test_functions_that_invoke_functions_do_not_wait_for_each_other_for_ever(function):
    inner = function("def handler(e, c): return e * 2")
    outer = function(
        f"""
import json, time, boto3
def handler(e, c):
    time.sleep(0.2)  # until all are here
    payload = json.dumps(e)
    answer = boto3.client("lambda").invoke(FunctionName="{inner.name}", Payload=payload)
    return json.load(answer["Payload"])
""",
        Timeout=60,
    )
    with ThreadPoolExecutor(26) as pool:  # more than there are places
        answers = list(pool.map(lambda n: json.loads(outer(n)["text"]), range(26)))
    assert answers == [n * 2 for n in range(26)]


def test_an_event_does_not_wait_for_its_answer(function, client):
    client("s3").create_bucket(Bucket="event-results")
    code = (
        "import boto3, time\n"
        "def handler(e, c):\n"
        "    time.sleep(0.5)\n"
        "    boto3.client('s3').put_object(Bucket='event-results', Key=e['key'], Body=b'')\n"
    )
    invoke = function(code, Timeout=20)
    begin = time.perf_counter()
    answer = invoke({"key": "done"}, InvocationType="Event")
    assert time.perf_counter() - begin < 0.4
    assert (answer["StatusCode"], answer["text"]) == (202, "")
    client("s3").get_waiter("object_exists").wait(
        Bucket="event-results", Key="done", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )


def test_a_dry_run_runs_nothing(function):
    answer = function("def handler(e, c): raise ValueError")({}, InvocationType="DryRun")
    assert (answer["StatusCode"], answer["text"]) == (204, "")


@pytest.mark.parametrize("qualifier", [None, "$LATEST"])
def test_an_unknown_function_is_not_found(client, qualifier):
    options = {"Qualifier": qualifier} if qualifier else {}
    with pytest.raises(ClientError) as caught:
        client("lambda").invoke(FunctionName="nobody", **options)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody"
    error = caught.value.response["Error"]
    assert error["Code"] == "ResourceNotFoundException"
    assert error["Message"] == f"Function not found: {arn}" + (":$LATEST" if qualifier else "")


def test_a_payload_that_is_no_json_is_refused(function):
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        function("def handler(e, c): pass")(Payload="not json")


def test_a_payload_beyond_six_megabytes_is_refused(function):
    invoke = function("def handler(e, c): return 'x' * e")
    with pytest.raises(ClientError, match="must be smaller than 6291456 bytes"):
        invoke("x" * 6_300_000)
    assert len(invoke(6_000_000)["text"]) == 6_000_002
    error = json.loads(invoke(6_300_000)["text"])
    assert error["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_package_that_is_no_zip_is_refused(client, role):
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        client("lambda").create_function(
            FunctionName="broken",
            Runtime="python3.12",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": b"no zip"},
        )


def process_ids(function_name):
    found = set()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"AWS_LAMBDA_FUNCTION_NAME={function_name}\0".encode() in entry.read_bytes():
                found.add(entry)
    return found


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads Linux's /proc")
@pytest.mark.parametrize("how", ["kill", "stop", "reset"])
def test_no_worker_is_left_when_the_server_dies_stops_or_is_emptied(tmp_path, how):
    server = servers.start(tmp_path)
    keys = {
        "endpoint_url": server.endpoint,
        "aws_access_key_id": server.access_key_id,
        "aws_secret_access_key": server.secret_access_key,
        "region_name": REGION,
    }
    arn = boto3.client("iam", **keys).create_role(
        RoleName="r", AssumeRolePolicyDocument=ROLE_POLICY
    )["Role"]["Arn"]
    functions = boto3.client("lambda", **keys)
    name = f"orphan-{how}-{os.getpid()}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=arn,
        Handler="index.handler",
        Timeout=60,
        Code={"ZipFile": packed(index="import time\ndef handler(e, c): time.sleep(e)")},
    )
    functions.invoke(FunctionName=name, Payload="0")
    sleeping = threading.Thread(target=invoke_and_forget, args=(functions, name), daemon=True)
    sleeping.start()
    deadline = time.monotonic() + 10
    while not process_ids(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process_ids(name)
    if how == "kill":
        os.kill(server.pid, 9)
    elif how == "stop":
        servers.stop(tmp_path)
    else:
        servers.reset(tmp_path)
    while process_ids(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not process_ids(name)
    servers.stop(tmp_path)


def invoke_and_forget(functions, name):
    try:
        functions.invoke(FunctionName=name, Payload="50")
    except Exception as error:  # the server went away, as the test wants
        print(error)
