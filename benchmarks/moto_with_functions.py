"""moto's server with the least that runs Lambda handlers: warm Python processes. A peer's side.

Runs in an environment of its own, with moto and nothing of ours: `python FILE PORT`.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile

from moto.awslambda_simple import models as simple
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.server import main

WORKER = """
import importlib, json, os, sys
answers, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.getcwd())
module, _, name = os.environ["_HANDLER"].rpartition(".")
handler = getattr(importlib.import_module(module), name)
for line in sys.stdin:
    answers.write(json.dumps(handler(json.loads(line), None)) + "\\n")
    answers.flush()
"""


class Worker:
    """A process that has imported a handler and runs one event at a time."""

    def __init__(self, function):
        folder = tempfile.mkdtemp()
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(folder)
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            cwd=folder,
            env={**os.environ, "_HANDLER": function.handler},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, event):
        """Return the handler's answer to an event, both JSON text."""
        self.process.stdin.write(json.dumps(json.loads(event or "{}")) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


class Backend(simple.LambdaSimpleBackend):
    """moto's Lambda, whose functions run."""

    idle: dict = {}
    lock = threading.Lock()

    def invoke(self, function_name, qualifier, body, headers, response_headers):
        """Run the function in a warm process, or in a new one."""
        function = self.get_function(function_name, qualifier)
        with self.lock:
            waiting = self.idle.setdefault(function.function_arn, [])
            worker = waiting.pop() if waiting else None
        worker = worker or Worker(function)
        answer = worker.call(body).encode()
        with self.lock:
            waiting.append(worker)
        response_headers["x-amz-executed-version"] = "$LATEST"
        response_headers["Content-Length"] = str(len(answer))
        return answer


default_user_config["lambda"] = {"use_docker": False}
default_user_config["stepfunctions"] = {"execute_state_machine": True}
simple.lambda_simple_backends = BackendDict(Backend, "lambda")
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
