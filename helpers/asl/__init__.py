"""What the Amazon States Language means, without any AWS: no client, no clock, no network."""

from helpers.asl.definition import Place, Transition, states, transitions
from helpers.asl.diagnostics import Diagnostic
from helpers.asl.hints import hints
from helpers.asl.paths import PathError, evaluate_path
from helpers.asl.validate import validate

__all__ = [
    "Diagnostic",
    "PathError",
    "Place",
    "Transition",
    "evaluate_path",
    "hints",
    "states",
    "transitions",
    "validate",
]
