"""Play what real Step Functions answered, and compare: "equal" and "same outcome".

Same outcome: the status, the output and the error's name are the recorded ones. Equal: also the
cause, and the history's ids, links, types and details. A placeholder `{{x}}` matches any value, and
the same value where a numbered one comes again; times are compared as the word `date`.

A case is data (a JSON file); nothing here knows a single case.
"""

import base64
import contextlib
import datetime
import io
import json
import re
import time
import uuid
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from helpers.local_aws import ACCOUNT, REGION

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "aws_recordings"
_PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}")
_ANGLED = re.compile(r"<<?([A-Za-z0-9]+[_-][\w-]+)>?((?::\d+)?)>")  # as the recorder left some
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})?")
# Fields that AWS has added since some cases were recorded.
_YOUNG = {
    "encryptionConfiguration",
    "variableReferences",
    "RedriveCount",
    "RedriveStatus",
    "RedriveStatusReason",
}
_TEXT_IN_EVENTS = {"input", "output", "parameters"}


@dataclass(frozen=True)
class Verdict:
    """How one case ended."""

    case: str
    equal: bool
    same_outcome: bool
    why: str = ""


def load():
    """Return all cases, by file name."""
    return {
        path.name: _with_newer_links(expand(json.loads(path.read_text())))
        for path in sorted(FOLDER.glob("*.json"))
    }


def _with_newer_links(case):
    """Return a case as AWS would answer it now.

    Until the end of 2024 the exit of a Distributed Map pointed to MapRunSucceeded, in all newer
    recordings it points to MapRunStarted.
    """
    recorded = datetime.datetime.strptime(case["recorded"], "%d-%m-%Y, %H:%M:%S")
    history = case.get("expect", {}).get("history") or []
    if recorded < datetime.datetime(2024, 11, 1):
        started = {}
        for event in history:
            if event["type"] == "MapRunStarted":
                started[event["id"] + 1] = event["id"]
            if event["type"] == "MapStateExited":
                previous = event["previousEventId"]
                event["previousEventId"] = started.get(previous, previous)
    return case


def expand(value):
    """Return `value` with {"$repeat": "a", "count": n} written out, all placeholders alike."""
    if isinstance(value, str):
        return "{{map_run_arn}}" if value == "map_run_arn" else _ANGLED.sub(r"{{\1\2}}", value)
    if isinstance(value, dict):
        if set(value) == {"$repeat", "count"}:
            return value["$repeat"] * value["count"]
        return {key: expand(item) for key, item in value.items()}
    return [expand(item) for item in value] if isinstance(value, list) else value


class Names:
    """The names that a case leaves to us: the same one everywhere in the case."""

    def __init__(self, case, role):
        unique = uuid.uuid4().hex[:8]
        self.unique = unique
        self.known = {"account": ACCOUNT, "region": REGION, "endpoint": "http://127.0.0.1:1"}
        for name in set(_PLACEHOLDER.findall(json.dumps(case))):
            if re.fullmatch(r"(snf_|sfn_|trusted_)?role_arn(_t\d)?", name):
                self.known[name] = role
            elif name.endswith("name") or name.startswith(("ArnPart", "ExecArnPart", "test-")):
                self.known[name] = re.sub(r"[\W_]", "", name)[:40].lower() + unique
            elif name.endswith("_nonexistent_arn"):
                self.known[name] = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none-{unique}"
            elif name.startswith("no_such"):
                self.known[name] = f"no-such-{unique}"
            elif name.endswith("_url"):
                self.known[name] = f"http://127.0.0.1:1/{ACCOUNT}/none"

    def learn(self, expected, answer):
        """Keep the names that AWS gave, such as the ARN of what was created."""
        for run in answer.get("mapRuns", []):
            self.known["map_run_arn"] = run["mapRunArn"]
        for field, text in (expected or {}).items():
            name = _PLACEHOLDER.fullmatch(text) if isinstance(text, str) else None
            if name and ":" not in name.group(1) and isinstance(answer.get(field), str):
                self.known.setdefault(name.group(1), answer[field])

    def fill(self, value):
        """Return a text or a JSON value with our names in it."""
        if not isinstance(value, str):
            return json.loads(self.fill(json.dumps(value)))
        return _PLACEHOLDER.sub(lambda m: self.known.get(m.group(1), m.group(0)), value)


class Comparison:
    """Compares recorded with actual values; keeps what numbered placeholders stood for."""

    def __init__(self):
        self.seen = {}

    def same(self, expected, actual):
        if isinstance(expected, dict):
            return self._same_objects(expected, actual)
        if isinstance(expected, list):
            if expected == ["{{stackTrace}}"]:
                return isinstance(actual, list)
            return (
                isinstance(actual, list)
                and len(expected) == len(actual)
                and all(map(self.same, expected, actual))
            )
        if isinstance(expected, str):
            return self._same_texts(expected, actual)
        if isinstance(expected, bool) or isinstance(actual, bool):
            return expected is actual
        return expected == actual

    def _same_objects(self, expected, actual):
        if set(expected) == {"$raw"}:
            return self.same(expected["$raw"], actual)
        if "AllHttpHeaders" in expected:  # the values of headers are free
            headers = ("AllHttpHeaders", "HttpHeaders")
            return isinstance(actual, dict) and all(
                set(expected[kind]) == set(actual.get(kind, {})) for kind in headers
            )
        if isinstance(actual, str) and actual.startswith("{"):
            try:
                actual = json.loads(actual)
            except ValueError:
                return False
        return (
            isinstance(actual, dict)
            and set(expected) == set(actual) - (_YOUNG - set(expected))
            and all(self.same(expected[key], actual[key]) for key in expected)
        )

    def _same_texts(self, expected, actual):
        whole = _PLACEHOLDER.fullmatch(expected)
        if whole:
            if actual is None or actual == "":
                return False
            if ":" not in whole.group(1):
                return True
            return self.seen.setdefault(whole.group(1), actual) == actual
        if not isinstance(actual, str):
            return False
        if expected == actual:
            return True
        expected, actual = expected.replace("{{date}}", "date"), _TIME.sub("date", actual)
        if '"stackTrace"' in expected:
            actual = re.sub(
                r'"stackTrace":(\s?)\[.*?\](?=\}$|,\s?")', r'"stackTrace":\1[T]', actual
            )
            expected = re.sub(r'\["\{\{stackTrace\}\}"\]', "[T]", expected)
        pattern = "".join(
            ".+?" if number % 2 else re.escape(piece)
            for number, piece in enumerate(_PLACEHOLDER.split(expected))
        )
        return re.fullmatch(pattern, actual, re.DOTALL) is not None


def events_of(events):
    """Return events as recordings have them: data parsed, timestamps aside."""
    found = []
    for event in events:
        shown = {key: value for key, value in event.items() if key != "timestamp"}
        for key, details in shown.items():
            if key.endswith("Details"):
                shown[key] = {
                    name: json.loads(text) if name in _TEXT_IN_EVENTS else text
                    for name, text in details.items()
                }
        found.append(shown)
    return found


def same_history(expected, actual, compare):
    """Return what differs, "" when nothing does.

    A history that the recorder sorted lacks ids and some ParallelState events: it is compared as a
    set of types and details, and by the links of the events that kept their ids.
    """
    expected = [{k: v for k, v in event.items() if k != "timestamp"} for event in expected]
    actual = events_of(actual)
    if all(event.get("id") is not None for event in expected):
        if len(expected) != len(actual):
            return f"{len(actual)} events, not {len(expected)}"
        for one, other in zip(expected, actual, strict=True):
            if not compare.same(one, other):
                return f"{json.dumps(one)[:400]}\n   is {json.dumps(other)[:400]}"
        return ""
    wanted, found = (Counter(event["type"] for event in events) for events in (expected, actual))
    lost = {kind for kind in found - wanted if kind.startswith("ParallelState")}
    if wanted - found or set(found - wanted) - lost:
        return f"other types: {sorted((found - wanted).elements())}"
    by_id = {event["id"]: event for event in actual}
    for event in expected:
        if event.get("id") is not None:
            if not compare.same(event, by_id.get(event["id"])):
                return (
                    f"{json.dumps(event)[:400]}\n   is {json.dumps(by_id.get(event['id']))[:400]}"
                )
            continue
        wanted = {k: v for k, v in event.items() if k not in ("id", "previousEventId")}
        if not any(
            compare.same(wanted, {k: v for k, v in e.items() if k not in ("id", "previousEventId")})
            for e in actual
        ):
            return f"missing {json.dumps(wanted)[:400]}"
    return ""


def play(case, bench):
    """Play one case and return (equal, same outcome, why not)."""
    return _KINDS[case["kind"]](case, bench)


def _definition(case, names):
    text = case.get("definitionText")
    return names.fill(text if text is not None else json.dumps(case["definition"]))


def _input(case, names):
    if "inputText" in case:
        return names.fill(case["inputText"])
    return None if case.get("input") is None else names.fill(json.dumps(case["input"]))


def _execution(case, bench):
    names, compare = Names(case, bench.role), Comparison()
    sfn = bench.sfn
    for name, behaviour in (case.get("functions") or {}).items():
        _function(bench, names.fill(name), behaviour)
    try:
        for step in case.get("setup") or []:
            _set_up(bench, names, step)
        others = _other_machines(case, names, bench)
        name = names.known.get("ArnPart_0idx", f"m{names.unique}")
        machine = sfn.create_state_machine(
            name=f"m{names.unique}" if name in others else name,
            definition=_definition(case, names),
            roleArn=bench.role,
            type=case["workflowType"],
        )["stateMachineArn"]
        given = _input(case, names)
        if case.get("startSync"):
            return _sync_execution(case, names, bench, machine, given)
        execution = sfn.start_execution(
            stateMachineArn=machine,
            name=names.known.get("ExecArnPart_0idx", f"e{names.unique}"),
            **({} if given is None else {"input": given}),
        )["executionArn"]
    except ClientError as error:
        return False, False, str(error)
    told = bench.wait(execution, 70)
    expected = case["expect"]
    output = json.loads(told["output"]) if "output" in told else None
    found = {"status": told["status"], "output": output, "error": told.get("error")}
    found["cause"] = told.get("cause")
    for field in ("status", "output", "error"):
        if field in expected and not compare.same(names.fill(expected[field]), found[field]):
            return False, False, f"{field} {json.dumps(found[field])[:300]}; {found['cause']}"
    if "cause" in expected and not compare.same(names.fill(expected["cause"]), found["cause"]):
        return False, True, f"cause {found['cause']}"
    if expected.get("history"):
        history = names.fill(expected["history"])
        difference = same_history(history, bench.events(execution), compare)
        return not difference, True, difference
    return True, True, ""


def _sync_execution(case, names, bench, machine, given):
    """Run an Express execution and compare the answer; how long it took is free."""
    answer = bench.sfn.start_sync_execution(
        stateMachineArn=machine, **({} if given is None else {"input": given})
    )
    expected = names.fill(case["expect"]["response"])
    expected.pop("ResponseMetadata", None)
    billed = expected["billingDetails"]
    billed["billedDurationInMilliseconds"] = "{{duration}}"
    found, compare = _shown(answer, expected), Comparison()
    same = compare.same(expected["status"], found["status"])
    same = same and compare.same(expected.get("output"), found.get("output"))
    equal = compare.same(expected, found)
    return equal, same, "" if equal else f"{json.dumps(found)[:600]}\n not {expected}"


def _other_machines(case, names, bench):
    """Create the machines that a case needs beside its own, start some; return their names."""
    made = {}
    for other in names.fill(case.get("otherStateMachines") or []):
        made[other["name"]] = bench.sfn.create_state_machine(
            name=other["name"],
            type=other["type"],
            roleArn=bench.role,
            definition=json.dumps(other["definition"]),
        )["stateMachineArn"]
    for start in names.fill(case.get("alsoStart") or []):
        given = json.dumps(start["input"])
        bench.sfn.start_execution(stateMachineArn=made[start["machine"]], input=given)
    return made


def _create_error(case, bench):
    names = Names(case, bench.role)
    request = {"name": f"m{names.unique}", "type": case.get("workflowType") or "STANDARD"}
    request |= names.fill(case.get("request") or {})
    request |= {"definition": _definition(case, names), "roleArn": bench.role}
    expected = case["expect"]["createError"]
    try:
        bench.sfn.create_state_machine(**request)
    except ClientError as error:
        actual = error.response["Error"]
        same = actual["Code"] == expected["code"]
        equal = same and Comparison().same(names.fill(expected["message"]), actual["Message"])
        return equal, same, "" if equal else str(error)
    return False, False, "accepted"


def _api_error(case, bench):
    names = Names(case, bench.role)
    for given in names.fill(case.get("given") or []):
        bench.sfn.create_state_machine(
            name=given["name"],
            type=given["type"],
            roleArn=bench.role,
            definition=json.dumps(given["definition"]),
        )
    request = names.fill(case["request"])
    text = _input(case, names)
    if text is not None:
        request["input"] = text
    step = {"op": case["operation"], "expectError": case["expect"]["error"]}
    return _step(step, request, names, bench, Comparison())


def _script(case, bench):
    names, compare = Names(case, bench.role), Comparison()
    for step in case.get("setup") or []:
        _set_up(bench, names, step)
    equal, same, reasons = True, True, []
    for step in case["steps"]:
        request = names.fill(step.get("request") or {})
        for field in ("definition", "input"):
            if field in request and not isinstance(request[field], str):
                request[field] = json.dumps(request[field])
        if step["op"] == "StartExecution":
            found = re.search(r"ExecArnPart_\d+idx", json.dumps(step.get("expectResponse")))
            name = names.known.get(found.group() if found else "ExecArnPart_0idx")
            request |= {"name": name} if name and "name" not in request else {}
        if step["op"] == "ListMapRuns":
            bench.wait(request["executionArn"])
        if "mapRunArn" in request:  # the recorder did not keep it
            request["mapRunArn"] = names.known["map_run_arn"]
        play_step = _history_step if "history" in step.get("expectResponse", {}) else _step
        one_equal, one_same, why = play_step(step, request, names, bench, compare)
        equal, same = equal and one_equal, same and one_same
        if why:
            reasons.append(f"{step['op']}: {why}")
    return equal, same, "; ".join(reasons)


def _history_step(step, request, names, bench, compare):
    """Wait for the end of an execution; compare how it ended, and its history."""
    told = bench.wait(request["executionArn"], 70)
    expected = names.fill(step["expectResponse"])
    history = expected.pop("history")
    found = _shown({field: told.get(field) for field in expected}, expected)
    if not compare.same(expected, found):
        return False, False, f"{json.dumps(found)[:300]}; {told.get('cause')}"
    difference = same_history(history, bench.events(request["executionArn"]), compare)
    return not difference, True, difference


def _step(step, request, names, bench, compare):
    """Do one call and return (equal, same outcome, why not)."""
    error = step.get("expectError")
    expected = names.fill(step.get("expectResponse")) if "expectResponse" in step else None
    deadline = time.monotonic() + 10
    while True:
        try:
            answer = getattr(bench.sfn, xform_name(step["op"]))(**request)
        except (ClientError, ParamValidationError) as refused:
            told = getattr(refused, "response", {}).get("Error", {})
            if error is None:
                return False, False, str(refused)
            same = compare.same(error["code"], told.get("Code"))
            message = names.fill(error.get("message", "{{any}}"))
            return same and compare.same(message, told.get("Message")), same, str(refused)
        if error is not None:
            return False, False, f"accepted; AWS: {error}"
        if expected is None or compare.same(expected, _shown(answer, expected)):
            names.learn(expected, answer)
            return True, True, ""
        if answer.get("status") != "RUNNING" or time.monotonic() > deadline:
            return False, False, f"{json.dumps(_shown(answer, expected))[:600]}\n not {expected}"
        time.sleep(0.01)


def _shown(answer, expected):
    """Return a response as JSON, with the data in it parsed, without younger fields."""
    gone = {"ResponseMetadata"} | (_YOUNG - set(expected))
    shown = {key: value for key, value in answer.items() if key not in gone}
    shown = json.loads(json.dumps(shown, default=str))
    for field in ("definition", "input", "output"):
        if isinstance(shown.get(field), str):
            shown[field] = json.loads(shown[field])
    return shown


def _validate(case, bench):
    names = Names(case, bench.role)
    answer = bench.sfn.validate_state_machine_definition(
        definition=_definition(case, names), type=case["workflowType"]
    )
    expected, found = names.fill(case["expect"]["validate"]), _shown(answer, ())
    same = expected["result"] == found["result"]
    equal = Comparison().same(expected, found)
    return equal, same, "" if equal else json.dumps(found)[:600]


def _test_request(case, bench, names):
    request = names.fill(case.get("request") or {})
    text = _input(case, names)
    return {
        **request,
        "definition": _definition(case, names),
        **({} if text is None else {"input": text}),
    }


def _test_state(case, bench):
    names, compare = Names(case, bench.role), Comparison()
    for name, behaviour in (case.get("functions") or {}).items():
        _function(bench, names.fill(name), behaviour)
    try:
        for step in case.get("setup") or []:
            _set_up(bench, names, step)
        found = _tested(bench.sfn.test_state(**_test_request(case, bench, names)))
    except ClientError as error:
        return False, False, str(error)
    expected = _tested(names.fill(case["expect"]["testState"]))
    same = all(
        compare.same(expected.get(field), found.get(field))
        for field in ("status", "output", "error", "nextState")
    )
    equal = same and Comparison().same(expected, found)
    return equal, same, "" if equal else f"{json.dumps(found)[:900]}\n  not {expected}"[:1800]


def _tested(answer):
    """Return what TestState told with all data parsed; whitespace in JSON means nothing."""
    shown = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    for holder in (shown, shown.get("inspectionData", {})):
        for field, text in holder.items():
            if isinstance(text, str) and field not in ("status", "error", "cause", "nextState"):
                with contextlib.suppress(ValueError):
                    holder[field] = json.loads(text)
    return shown


def _test_state_error(case, bench):
    names = Names(case, bench.role)
    step = {"op": "TestState", "expectError": case["expect"]["error"]}
    return _step(step, _test_request(case, bench, names), names, bench, Comparison())


_KINDS = {
    "validate": _validate,
    "testState": _test_state,
    "testStateError": _test_state_error,
    "execution": _execution,
    "createError": _create_error,
    "apiError": _api_error,
    "script": _script,
}


def _set_up(bench, names, step):
    """Make a resource that a case needs; a queue's address becomes a name of the case."""
    client = bench.clients(step["service"])
    parameters = names.fill(step["params"])
    if isinstance(parameters.get("Body"), dict):
        parameters["Body"] = base64.b64decode(parameters["Body"]["__b64__"])
    answer = getattr(client, xform_name(step["operation"]))(**parameters)
    if "QueueUrl" in answer:
        names.known["sqs_queue_url"] = answer["QueueUrl"]


def _function(bench, name, behaviour):
    """Create a Lambda function that behaves as a case says."""
    kind, _, rest = behaviour.partition(":")
    if behaviour == "echo":
        body = "return event"
    elif kind == "raises":
        error, _, message = rest.partition(":")
        raised = error if error == "Exception" else f"type({error!r}, (Exception,), {{}})"
        body = f"raise {raised}({repr(message) if message else ''})"
    elif kind == "returns":
        body = f"import json; return json.loads({rest!r})"
    elif kind == "returns-text":
        body = f"return {rest!r}"
    elif kind == "returns-bytes" and (large := re.fullmatch(r'(\d+)KiB of "(.)"', rest)):
        body = f"return b'\"' + {large[2].encode()!r} * {int(large[1]) * 1024} + b'\"'"
    elif kind == "returns-bytes":
        body = f"return {rest.encode()!r}"
    else:
        seconds = re.search(r"\d+", behaviour).group(0)
        body = f"import time; time.sleep({seconds}); return event"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("handler.py", f"def handler(event, context):\n    {body}\n")
    bench.clients("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=bench.lambda_role(),
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
    )


def play_all(cases, bench):
    """Play cases, some at once because many only wait, and return the verdicts."""

    def judge(name):
        started = time.monotonic()
        equal, same, why = play(cases[name], bench)
        return Verdict(name, equal, same, f"{why} ({time.monotonic() - started:.1f} s)")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(judge, cases))
