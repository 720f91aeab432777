"""The operations of CloudFormation's API that only look: at stacks, resources and templates."""

from collections.abc import Callable
from typing import Any

from helpers.local_aws.cloudformation import describing
from helpers.local_aws.cloudformation.proposals import Parameters, template_text
from helpers.local_aws.cloudformation.resources_identity import NAMED_BY
from helpers.local_aws.cloudformation.stack import Stack
from helpers.local_aws.cloudformation.store import Stacks
from helpers.local_aws.cloudformation.template import load, refuse


class Reading:
    """Answers about stacks; each operation is a method of its name."""

    def __init__(self, stacks: Stacks, clients: Callable[..., Any]) -> None:
        self._stacks = stacks
        self._clients = clients

    def _do_DescribeStacks(self, asked: Parameters) -> Parameters:
        if asked.get("StackName"):
            stacks = [self._stacks.get(asked["StackName"])]
        else:
            stacks = [one for one in self._stacks.by_id.values() if one.status != "DELETE_COMPLETE"]
            stacks.reverse()
        return {"Stacks": [describing.described(stack) for stack in stacks]}

    def _do_ListStacks(self, asked: Parameters) -> Parameters:
        wanted = asked.get("StackStatusFilter")
        return {
            "StackSummaries": [
                {
                    **describing.summary(stack),
                    "TemplateDescription": stack.template.get("Description"),
                }
                for stack in reversed(self._stacks.by_id.values())
                if not wanted or stack.status in wanted
            ]
        }

    def _do_DescribeStackEvents(self, asked: Parameters) -> Parameters:
        if not asked.get("StackName"):
            raise refuse(
                "1 validation error detected: Value null at 'stackName' failed to satisfy "
                "constraint: Member must not be null"
            )
        stack = self._stacks.get(asked["StackName"], "Stack [{}] does not exist")
        events = list(reversed(stack.events))
        start = int(asked.get("NextToken") or 0)
        more = str(start + 100) if len(events) > start + 100 else None
        return {"StackEvents": events[start : start + 100], "NextToken": more}

    def _do_DescribeStackResources(self, asked: Parameters) -> Parameters:
        stack = self._holding(asked)
        wanted = asked.get("LogicalResourceId")
        return {
            "StackResources": [
                {
                    **describing.of_stack(stack),
                    **describing.resource(one),
                    "Timestamp": one.timestamp,
                }
                for one in describing.shown(stack)
                if not wanted or one.logical_id == wanted
            ]
        }

    def _holding(self, asked: Parameters) -> Stack:
        """Return the stack that is named, or that has the named physical resource."""
        if asked.get("StackName"):
            return self._stacks.get(asked["StackName"])
        physical = asked.get("PhysicalResourceId")
        for stack in self._stacks.by_id.values():
            if any(one.physical_id == physical for one in describing.shown(stack)):
                return stack
        raise refuse(f"Stack for {physical} does not exist")

    def _do_DescribeStackResource(self, asked: Parameters) -> Parameters:
        stack, name = self._stacks.get(asked["StackName"]), asked["LogicalResourceId"]
        for one in describing.shown(stack):
            if one.logical_id == name:
                detail = {**describing.of_stack(stack), **describing.resource(one)}
                return {"StackResourceDetail": {**detail, "LastUpdatedTimestamp": one.timestamp}}
        raise refuse(f"Resource {name} does not exist for stack {stack.name}")

    def _do_ListStackResources(self, asked: Parameters) -> Parameters:
        stack = self._stacks.get(asked["StackName"])
        return {
            "StackResourceSummaries": [
                {**describing.resource(one), "LastUpdatedTimestamp": one.timestamp}
                for one in describing.shown(stack)
            ]
        }

    def _do_ListExports(self, asked: Parameters) -> Parameters:
        exports = self._stacks.exports()
        return {
            "Exports": [
                {"ExportingStackId": stack.id, "Name": name, "Value": value}
                for name, (stack, value) in exports.items()
            ]
        }

    def _do_GetTemplate(self, asked: Parameters) -> Parameters:
        stack = self._stacks.get(asked["StackName"])
        return {"TemplateBody": stack.template_text, "StagesAvailable": ["Original", "Processed"]}

    def _do_ValidateTemplate(self, asked: Parameters) -> Parameters:
        return self._about(load(template_text(asked, self._clients)))

    def _do_GetTemplateSummary(self, asked: Parameters) -> Parameters:
        if asked.get("StackName"):
            template = self._stacks.get(asked["StackName"]).template
        else:
            template = load(template_text(asked, self._clients))
        types = [one["Type"] for one in template["Resources"].values()]
        return {
            **self._about(template),
            "ResourceTypes": list(dict.fromkeys(types)),
            "Version": str(template.get("AWSTemplateFormatVersion", "2010-09-09")),
        }

    @staticmethod
    def _about(template: dict[str, Any]) -> Parameters:
        capabilities = [
            one["Type"] for one in template["Resources"].values() if one["Type"] in NAMED_BY
        ]
        result: Parameters = {
            "Description": template.get("Description"),
            "Parameters": [
                {
                    "ParameterKey": name,
                    "DefaultValue": str(about["Default"]) if "Default" in about else None,
                    "ParameterType": about.get("Type"),
                    "NoEcho": bool(about.get("NoEcho", False)),
                    "Description": about.get("Description"),
                }
                for name, about in (template.get("Parameters") or {}).items()
            ],
        }
        if capabilities:
            listed = ", ".join(dict.fromkeys(capabilities))
            result["Capabilities"] = ["CAPABILITY_IAM"]
            result["CapabilitiesReason"] = (
                f"The following resource(s) require capabilities: [{listed}]"
            )
        return result
