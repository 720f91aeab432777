"""What a function's invocations say: START, END and REPORT lines, in the answer and in Logs.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from datetime import UTC, datetime
from math import ceil

from helpers.local_aws.function_process import Answer


def lines(
    said: bytes, answer: Answer, request_id: str, version: str, memory_size: int, init: float | None
) -> list[str]:
    r"""Return the log of one invocation: what it said, between what Lambda says about it.

    Args:
        said: what the handler wrote; \r is a line's end inside one record.
        answer: what came out, and what it took.
        request_id: of the invocation.
        version: of the function, such as "$LATEST".
        memory_size: of the function, in MB.
        init: milliseconds of the init phase, None for a warm environment.
    """
    text = said.decode("utf-8", "replace")
    records = [line.replace("\r", "\n") for line in text.split("\n") if line.strip("\r")]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    if answer.status == "timeout":
        seconds = answer.milliseconds / 1000
        records.append(f"{now} {request_id} Task timed out after {seconds:.2f} seconds")
    elif answer.status == "error":
        records.append(f"RequestId: {request_id} Error: Runtime exited")
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {answer.milliseconds:.2f} ms",
        f"Billed Duration: {max(1, ceil(answer.milliseconds))} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if answer.memory:
        report.append(f"Max Memory Used: {min(answer.memory, memory_size)} MB")
    if init is not None:
        report.append(f"Init Duration: {init:.2f} ms")
    if answer.status:
        report.append(f"Status: {answer.status}")
    return [
        f"START RequestId: {request_id} Version: {version}",
        *records,
        f"END RequestId: {request_id}",
        "\t".join(report) + "\t",
    ]
