"""Say what a state is and does in two short parts, for the small line in its box."""

from typing import Any

_SERVICES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "lambda": "Lambda",
    "rekognition": "Rekognition",
    "s3": "S3",
    "sfn": "Step Functions",
    "sns": "SNS",
    "sqs": "SQS",
    "states": "Step Functions",
}


def kind_words(state: dict[str, Any]) -> tuple[str, str]:
    """Say what a state is and does, in two short parts: ("DynamoDB", "putItem")."""
    kind = str(state.get("Type") or "not a state yet")
    if kind == "Task":
        resource = str(state.get("Resource", ""))
        parts = resource.split(":")
        if ":states:::" in resource:
            service, *action = parts[6:] if "aws-sdk" in parts else parts[5:]
            return _SERVICES.get(service, service), ":".join(action)[:28]
        if ":lambda:" in resource or ":function:" in resource:
            return "Lambda", "function"
        if ":activity:" in resource:
            return "Activity", parts[-1][:28]
        return "Task", ""
    if kind == "Map":
        processor = state.get("ItemProcessor")
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        distributed = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
        return "Map", "distributed" if distributed else "for each item"
    if kind == "Wait" and isinstance(state.get("Seconds"), int):
        return "Wait", f"{state['Seconds']} s"
    return kind, ""
