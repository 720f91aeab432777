"""start.py's commands: `python -m helpers.launch.commands NAME '{"option": …}'`."""

import json
import sys
from typing import Any

from helpers.errors import WorkshopError
from helpers.local_aws import server
from helpers.places import workshop_folder


def main(name: str, options: dict[str, Any]) -> int:
    """Carry out a command of start.py; return the exit code."""
    try:
        return COMMANDS[name](options)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def open_workshop(options: dict[str, Any]) -> int:
    """Open JupyterLab on the chosen AWS."""
    from helpers.launch import lab

    return lab.open_workshop(options)


def check(options: dict[str, Any]) -> int:
    """Run the solutions of the notebooks."""
    from helpers.launch import rehearsal

    return rehearsal.rehearse(options.get("only"))


def doctor(options: dict[str, Any]) -> int:
    """Say READY, or what is missing."""
    from helpers.launch.doctor import examine

    return examine()


def stop(options: dict[str, Any]) -> int:
    """End the embedded AWS."""
    stopped = server.stop(workshop_folder())
    print("The embedded AWS is stopped." if stopped else "The embedded AWS was not running.")
    return 0


def reset(options: dict[str, Any]) -> int:
    """Empty the embedded AWS."""
    server.reset(workshop_folder())
    print("The embedded AWS is empty · run notebook 00 again to deploy the stack.")
    return 0


COMMANDS = {
    "open": open_workshop,
    "check": check,
    "doctor": doctor,
    "stop": stop,
    "reset": reset,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2])))
